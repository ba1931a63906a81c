package telemetry

import (
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// Snapshot is one look at a store, its readers, its targets and the process.
type Snapshot struct {
	Name    string // Config.Name
	Stats   stats.Stats
	Memory  uint64 // of the Go runtime, in bytes, as Targets.Memory counts it
	Lags    []Lag
	Targets []Target      // as of the last look of Config.Interval
	Window  time.Duration // over which they are judged
}

// Snapshot looks now. It asks nobody but the store's own counters, so it may be called every second.
func (t *Telemetry) Snapshot() Snapshot {
	return Snapshot{
		Name:    t.config.Name,
		Stats:   t.store.Stats(),
		Memory:  measureUsage().memory,
		Lags:    t.lags(),
		Targets: t.Targets(),
		Window:  t.config.Window,
	}
}
