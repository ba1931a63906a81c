package dashboard

import (
	"reflect"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

// Each curve shows what it is named for.
func TestPoint(t *testing.T) {
	latency, commits := stats.NewDurations(), stats.NewDurations()
	snapshot := func(at time.Time, of stats.Stats) *telemetry.Snapshot {
		of.At, of.Latency, of.Commits = at, latency.Histogram(), commits.Histogram()
		return &telemetry.Snapshot{Stats: of}
	}
	began := time.Unix(1000, 0)
	before := snapshot(began, stats.Stats{Commands: stats.Commands{Committed: 1}, Events: 2})
	for took, n := range map[time.Duration]int{2 * time.Millisecond: 90, 20 * time.Millisecond: 7, 200 * time.Millisecond: 3} {
		for range n {
			latency.Observe(int64(took))
		}
	}
	for range 4 {
		commits.Observe(int64(time.Millisecond))
	}
	now := snapshot(began.Add(2*time.Second), stats.Stats{
		Commands: stats.Commands{Committed: 121}, Events: 502, Queue: stats.Queue{Commands: 5, Bytes: 6}, InFlight: 7, ActiveStreams: 8,
	})
	now.Memory = 9
	now.Lags = []telemetry.Lag{{Name: "a", Age: time.Second}, {Name: "b", Age: 10 * time.Second}, {Name: "c"}}
	p := between(before, now)

	for name, q := range map[string]struct {
		got  *float64
		want float64
	}{"P50": {p.P50, 0.002}, "P95": {p.P95, 0.020}, "P99": {p.P99, 0.200}} {
		if q.got == nil || *q.got < q.want/2 || *q.got > 2*q.want {
			t.Errorf("%s is %v, want about %v", name, q.got, q.want)
		}
	}
	p.P50, p.P95, p.P99 = nil, nil, nil
	want := point{At: 1002, Commands: 60, Events: 250, PerCommit: new(30.0), Queue: 5, InFlight: 7, Lag: 10, Memory: 9, Streams: 8}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("got %+v, want %+v", p, want)
	}
}
