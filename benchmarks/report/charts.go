package main

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// Colours that the colour-blind tell apart and that can be read as text on white. Each contestant has the same one everywhere.
var (
	blue   = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	orange = color.RGBA{0xc8, 0x50, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x80, 0x5c, 0xff}
	purple = color.RGBA{0xa8, 0x44, 0x90, 0xff}
	ochre  = color.RGBA{0x93, 0x72, 0x00, 0xff}

	ours        = blue
	transaction = orange
	statement   = green
	insert      = purple

	workloadColors = []color.Color{blue, orange, green, purple, ochre, ink}
)

var (
	dashed = []vg.Length{6, 3}
	dotted = []vg.Length{1.5, 3}
)

// eventCore is what EventCore, an event-sourcing library in Rust, says of itself in its performance report of July 2025: commands/s of one
// client, on an Intel i9-9900K.
const eventCore = 86

// charts are all that there could be; those that the run has no data for are not complete.
func charts(r *run) []*chart {
	all := []*chart{throughput(r), latency(r), batchSize(r), roundTrip(r), workloads(r)}
	for _, c := range all {
		c.caption = r.facts.caption()
		c.lines = slices.DeleteFunc(c.lines, func(l line) bool { return len(l.points) == 0 })
	}
	return all
}

func throughput(r *run) *chart {
	baseline := r.benchmark("Baseline")
	c := &chart{
		name:     "throughput",
		title:    "Commands per second",
		subtitle: "durable, one event each; every client waits for its answer",
		x:        axis{label: "clients"},
		lines: []line{
			{name: "group commit", color: ours, bold: true, points: baseline.points("clients", "commands/s")},
			{name: "one INSERT,\nunchecked", color: insert, points: baseline.points("clients", "insert-commands/s")},
			{name: "one INSERT that\nchecks the version", color: statement, points: baseline.points("clients", "statement-commands/s")},
			{name: "a transaction\nper command", color: transaction, points: baseline.points("clients", "tx-commands/s")},
		},
	}
	c.addLevel("EventCore's report,\none client", eventCore, faded, dotted)
	return c
}

func latency(r *run) *chart {
	baseline := r.benchmark("Baseline")
	return &chart{
		name:     "latency",
		title:    "Latency in milliseconds",
		subtitle: "from the call to the durable answer",
		x:        axis{label: "clients"},
		y:        axis{unit: " ms"},
		lines: []line{
			{name: "group commit, P50", color: ours, bold: true, points: baseline.points("clients", "p50-ms")},
			{name: "P95", color: ours, dashes: dashed, points: baseline.points("clients", "p95-ms")},
			{name: "P99", color: ours, dashes: dotted, points: baseline.points("clients", "p99-ms")},
			{name: "a transaction\nper command, P50", color: transaction, points: baseline.points("clients", "tx-p50-ms")},
			{name: "P95", color: transaction, dashes: dashed, points: baseline.points("clients", "tx-p95-ms")},
		},
	}
}

func batchSize(r *run) *chart {
	c := &chart{
		name:     "batchsize",
		title:    "Events per second by size of the batch",
		subtitle: "one event per command, one caller that does not wait for answers",
		x:        axis{label: "commands in a batch"},
		lines:    []line{{name: "group commit", color: ours, bold: true, points: r.benchmark("BatchSize").points("batch", "events/s")}},
	}
	for _, result := range r.benchmark("Ceiling").results {
		if copied, has := result.value("copy-events/s"); has && result.axes["cores"] == "shared" { // as they were for the line above
			c.addLevel("raw COPY of\nthe same rows", copied, faded, dashed)
		}
	}
	return c
}

func roundTrip(r *run) *chart {
	c := &chart{
		name:     "roundtrip",
		title:    "Commands per second by round trip to the server",
		subtitle: "every client waits for its answer",
		x:        axis{label: "round trip added", linear: true, unit: " ms"},
	}
	for _, contestant := range []struct {
		name, unit string
		color      color.Color
	}{{"group commit", "commands/s", ours}, {"a transaction per command", "tx-commands/s", transaction}} {
		for _, load := range []struct {
			clients string
			dashes  []vg.Length
		}{{"4000", nil}, {"100", dashed}} {
			c.lines = append(c.lines, line{
				name:   contestant.name + ",\n" + readable(load.clients) + " clients",
				color:  contestant.color,
				dashes: load.dashes,
				points: r.benchmark("RoundTrip").points("rtt", contestant.unit, where{"clients", load.clients}),
			})
		}
	}
	return c
}

func workloads(r *run) *chart {
	benchmark := r.benchmark("Workload")
	c := &chart{
		name:     "workloads",
		title:    "Commands per second by workload",
		subtitle: "every client waits for its answer",
		x:        axis{label: "clients"},
	}
	for i, name := range benchmark.axisValues("w") {
		c.lines = append(c.lines, line{
			name:   name,
			color:  workloadColors[i%len(workloadColors)],
			points: benchmark.points("clients", "commands/s", where{"w", name}),
		})
	}
	return c
}

// addLevel adds a horizontal line across the chart.
func (c *chart) addLevel(name string, y float64, color color.Color, dashes []vg.Length) {
	points := c.lines[0].points
	if len(points) == 0 {
		return
	}
	c.lines = append(c.lines, line{
		name: name, color: color, dashes: dashes, faint: true,
		points: plotter.XYs{{X: points[0].X, Y: y}, {X: points[len(points)-1].X, Y: y}},
	})
}
