package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
)

// environment is what the benchmarks are about to run on. The server comes last: to start it is a load on the machine.
func environment(ctx context.Context) (facts, error) {
	f := append(facts{{"Cores", strconv.Itoa(runtime.NumCPU())}}, machine(ctx)...)
	golang := fmt.Sprintf("%s %s/%s, GOMAXPROCS %d", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	f = append(f, fact{"Go", golang})
	server, err := database(ctx)
	return append(f, server...), err
}

// gibibytes of so many bytes.
func gibibytes(bytes uint64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
