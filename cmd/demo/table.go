package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// column is a column of the table. Two blanks stand before each but the first.
type column struct {
	above string // the head, above it
	head  string
	width int
	cell  func(r *runReport) string
}

var columns = []column{
	{"", "clients", 7, func(r *runReport) string { return thousands(r.Clients) }},
	{"", "commands/s", 10, func(r *runReport) string { return thousands(int(r.CommandsPerSecond)) }},
	{"", "events/s", 8, func(r *runReport) string { return thousands(int(r.EventsPerSecond)) }},
	{"", "min", 5, func(r *runReport) string { return latency(r.LatencyMS.Min) }},
	{"", "P50", 5, func(r *runReport) string { return latency(r.LatencyMS.P50) }},
	{"", "P95", 5, func(r *runReport) string { return latency(r.LatencyMS.P95) }},
	{"latency in ms", "P99", 5, func(r *runReport) string { return latency(r.LatencyMS.P99) }},
	{"", "max", 5, func(r *runReport) string { return latency(r.LatencyMS.Max) }},
	{"total", "s", 5, func(r *runReport) string { return fmt.Sprintf("%.2f", r.Seconds) }},
	{"", "success", 7, func(r *runReport) string { return percent(r.SuccessRate) }},
	{"per", "commit", 6, func(r *runReport) string { return fmt.Sprintf("%.1f", r.CommandsPerCommit) }},
	{"", "conflicts", 9, func(r *runReport) string { return thousands(r.Conflicts) }},
	{"", "refused", 7, func(r *runReport) string { return thousands(r.Refusals) }},
	{"", "target", 6, func(r *runReport) string { return target(r.TargetMet) }},
}

func (t *terminal) printHead() {
	t.printf("%s\n%s\n", t.style.bold(above()), t.style.bold(row(func(c *column) string { return c.head })))
}

// printSeries begins a part of the table. What EventCore reached is said once where two in a row share it.
func (t *terminal) printSeries(s *series, before *series) {
	t.printf("\n%s  %s\n", t.style.bold(s.name), s.title)
	if s.reference.set() && (before == nil || before.reference != s.reference) {
		t.printf("%s\n", t.style.dim("EventCore: "+s.reference.Measured+"; its target: "+s.reference.Target))
	}
}

func (t *terminal) printRun(r *runReport) {
	t.printf("%s\n", row(func(c *column) string { return c.cell(r) }))
}

// printLags ends a part of the table.
func (t *terminal) printLags(lags []lagReport) {
	if len(lags) > 0 {
		t.printf("%s\n", t.style.dim("read models: "+behind(lags)))
	}
}

// behind says how far behind each read model is.
func behind(lags []lagReport) string {
	each := make([]string, len(lags))
	for i, lag := range lags {
		each[i] = fmt.Sprintf("%s %s behind, %s ms", lag.ReadModel, plural(int(lag.Events), "event"), latency(lag.MS))
	}
	return strings.Join(each, "; ")
}

// above is the line above the heads. Its texts end where their columns end, and may begin before.
func above() string {
	var line strings.Builder
	edge := -2
	for i := range columns {
		edge += 2 + columns[i].width
		if text := columns[i].above; text != "" {
			fmt.Fprintf(&line, "%*s", edge-line.Len(), text)
		}
	}
	return line.String()
}

// row is a line of the table with one text of each column.
func row(text func(c *column) string) string {
	cells := make([]string, len(columns))
	for i := range columns {
		cells[i] = fmt.Sprintf("%*s", columns[i].width, text(&columns[i]))
	}
	return strings.TrimRight(strings.Join(cells, "  "), " ")
}

// target tells whether it was met.
func target(met *bool) string {
	switch {
	case met == nil:
		return "-"
	case *met:
		return "met"
	default:
		return "not"
	}
}

// latency has three digits: more would not be repeatable.
func latency(ms float64) string {
	switch {
	case ms < 9.995:
		return fmt.Sprintf("%.2f", ms)
	case ms < 99.95:
		return fmt.Sprintf("%.1f", ms)
	default:
		return thousands(int(math.Round(ms)))
	}
}

// percent never rounds up to a success that was none.
func percent(share float64) string {
	if share == 1 {
		return "100 %"
	}
	return fmt.Sprintf("%.2f %%", float64(int(share*10_000))/100)
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}
