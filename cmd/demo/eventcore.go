package main

import (
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// reference is what EventCore, an event-sourcing library in Rust, said of a workload in its performance report of July 2025: the figures
// that it measured with one client on an Intel i9-9900K with PostgreSQL 17, and its target.
type reference struct {
	Measured string `json:"measured"`
	Target   string `json:"target"`

	commands float64       // of the target, per second; 0: not said
	events   float64       // the same
	p95      time.Duration // the same
}

var (
	financial = reference{
		Measured: "86 commands/s, P50 10.8, P95 14.0, P99 29.2 ms",
		Target:   "5,000-10,000 commands/s, P95 below 10 ms",
		commands: 5_000,
		p95:      10 * time.Millisecond,
	}
	orders = reference{
		Measured: "not measured (its estimate: 25-50 commands/s)",
		Target:   "2,000-5,000 commands/s",
		commands: 2_000,
	}
	batches = reference{
		Measured: "9,243 events/s",
		Target:   "20,000 events/s and more",
		events:   20_000,
	}
)

// set tells whether there is anything to reach.
func (r *reference) set() bool { return r.Target != "" }

// met tells whether a run reached the lower end of the target.
func (r *reference) met(result *workload.Result) bool {
	return result.CommandsPerSecond() >= r.commands &&
		result.EventsPerSecond() >= r.events &&
		(r.p95 == 0 || result.Latency.P95 < r.p95)
}
