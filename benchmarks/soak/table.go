package main

import (
	"fmt"
	"io"
	"time"
)

const rowFormat = "%8s %10s %7s %7s %9s %7s %6s %7s %7s %10s %8s %7s %8s %7s\n"

// printHead says what the columns are.
func printHead(out io.Writer) {
	fmt.Fprintf(out, rowFormat, "", "", "ms", "ms", "", "", "", "MB", "MB", "", "MB", "MB", "MB", "MB")
	fmt.Fprintf(out, rowFormat, "time", "commands/s", "P50", "P99", "conflicts", "refused", "failed", "heap", "system", "goroutines",
		"events", "commits", "indexes", "WAL")
}

func printSample(out io.Writer, s *sample) {
	r := &s.result
	fmt.Fprintf(out, rowFormat, s.at.Round(time.Second),
		fmt.Sprintf("%.0f", r.CommandsPerSecond()), milliseconds(r.Latency.P50), milliseconds(r.Latency.P99),
		fmt.Sprint(r.Conflicts), fmt.Sprint(r.Refusals), fmt.Sprint(r.Errors),
		megabytes(s.heap), megabytes(s.system), fmt.Sprint(s.goroutines),
		megabytes(s.events), megabytes(s.commits), megabytes(s.indexes), megabytes(s.wal))
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }
func megabytes(bytes int64) string        { return fmt.Sprintf("%.1f", float64(bytes)/1e6) }
