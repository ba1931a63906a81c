package dashboard

import (
	"time"

	"github.com/groupcommit/groupcommit/telemetry"
)

// point is one moment of every chart. A pointer is nil where there was nothing to measure: the curve has a gap there.
type point struct {
	At        float64  `json:"at"`        // seconds since 1970
	Commands  float64  `json:"commands"`  // a second
	Events    float64  `json:"events"`    // a second
	P50       *float64 `json:"p50"`       // seconds
	P95       *float64 `json:"p95"`       // seconds
	P99       *float64 `json:"p99"`       // seconds
	PerCommit *float64 `json:"perCommit"` // commands
	Queue     int      `json:"queue"`     // commands
	InFlight  int      `json:"inFlight"`  // commits
	Lag       float64  `json:"lag"`       // seconds, of the reader that is furthest behind
	Memory    uint64   `json:"memory"`    // bytes
	Streams   int      `json:"streams"`
}

// between is the point at the end of the time between two snapshots.
func between(before, now *telemetry.Snapshot) point {
	rates := now.Stats.Since(&before.Stats)
	p := point{
		At:       seconds(now.Stats.At),
		Commands: rates.Commands,
		Events:   rates.Events,
		Queue:    now.Stats.Queue.Commands,
		InFlight: now.Stats.InFlight,
		Lag:      furthest(now.Lags).Seconds(),
		Memory:   now.Memory,
		Streams:  now.Stats.ActiveStreams,
	}
	if rates.P99 > 0 {
		p.P50, p.P95, p.P99 = new(rates.P50.Seconds()), new(rates.P95.Seconds()), new(rates.P99.Seconds())
	}
	if rates.PerCommit > 0 {
		p.PerCommit = new(rates.PerCommit)
	}
	return p
}

// seconds is a time as the page has it, since 1970.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func furthest(lags []telemetry.Lag) (age time.Duration) {
	for _, lag := range lags {
		age = max(age, lag.Age)
	}
	return age
}
