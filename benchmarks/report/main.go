// Command report writes benchmarks/REPORT.md: charts and tables of a run of the benchmarks, and what it ran on.
//
//	report [-dir benchmarks] [command]
//
// The command runs the benchmarks and prints what go test prints, which is kept in REPORT.txt behind a description of the machine and the
// server. Without a command the report is made anew from there. Charts go to plots.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal ends the program at once
	dir := flag.String("dir", "benchmarks", "where the benchmarks are and the report goes")
	flag.Parse()
	if err := report(ctx, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// report makes everything in dir, of a new run when there is a command.
func report(ctx context.Context, dir string, command []string) error {
	saved := filepath.Join(dir, "REPORT.txt")
	if len(command) > 0 {
		if err := record(ctx, saved, command); err != nil {
			return err
		}
	}
	r, err := readRun(saved)
	if err != nil {
		return err
	}
	about, err := readComments(dir)
	if err != nil {
		return err
	}
	drawn, err := drawCharts(dir, r)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "REPORT.md"), markdown(r, drawn, about), 0o644)
}

// drawCharts draws what there is data for and returns it. A chart of an earlier run is not left standing for one that there is none for.
func drawCharts(dir string, r *run) (drawn []*chart, err error) {
	if err := os.MkdirAll(filepath.Join(dir, "plots"), 0o755); err != nil {
		return nil, err
	}
	for _, c := range charts(r) {
		path := filepath.Join(dir, c.path())
		if !c.complete() {
			logf("no chart %q: the run has no data for it", c.name)
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			continue
		}
		if err := os.WriteFile(path, c.svg(), 0o644); err != nil {
			return nil, err
		}
		drawn = append(drawn, c)
	}
	return drawn, nil
}

func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
