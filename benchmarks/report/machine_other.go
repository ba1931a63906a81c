//go:build !linux

package main

import (
	"context"
	"strconv"
)

// machine is what sysctl and uname tell of the machine, where they do.
func machine(ctx context.Context) facts {
	return facts{
		{"Processor", output(ctx, "sysctl", "-n", "machdep.cpu.brand_string")},
		{"Memory", memory(ctx)},
		{"System", output(ctx, "sw_vers", "-productVersion")},
		{"Kernel", output(ctx, "uname", "-sr")},
		{"Load before the run", output(ctx, "sysctl", "-n", "vm.loadavg")},
	}
}

func memory(ctx context.Context) string {
	bytes, err := strconv.ParseUint(output(ctx, "sysctl", "-n", "hw.memsize"), 10, 64)
	if err != nil {
		return ""
	}
	return gibibytes(bytes)
}

// fileSystem is not known.
func fileSystem(string) string { return "" }
