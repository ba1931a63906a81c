package telemetry

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// latencies is a histogram of so many commands of each duration.
func latencies(commands map[time.Duration]int) stats.Histogram {
	m := stats.NewDurations()
	for took, n := range commands {
		for range n {
			m.Observe(int64(took))
		}
	}
	return m.Histogram()
}

// Each rule measures what it is named for, in a window of a minute.
func TestMeasures(t *testing.T) {
	began := time.Unix(0, 0)
	then, now := sample{}, sample{}
	then.stats = stats.Stats{
		At: began, Commands: stats.Commands{Committed: 100, Unknown: 1, NotWritten: 2}, Events: 1000,
		Queue:   stats.Queue{Commands: 50, MaxCommands: 100, Bytes: 1, MaxBytes: 100},
		Latency: latencies(map[time.Duration]int{time.Minute: 1000}),
	}
	then.usage = usage{memory: 7 << 20, cpu: time.Minute, processors: 4}
	then.lags = []Lag{{Name: "orders", Age: time.Minute}}
	now.stats = stats.Stats{
		At: began.Add(time.Minute), Commands: stats.Commands{Committed: 700, Unknown: 4, NotWritten: 7}, Events: 3400,
		Queue:   stats.Queue{Commands: 70, MaxCommands: 100, Bytes: 1, MaxBytes: 100},
		Latency: latencies(map[time.Duration]int{time.Minute: 1000, 4 * time.Millisecond: 900, 40 * time.Millisecond: 60, 400 * time.Millisecond: 40}),
		Stalled: 9 * time.Second, Stopped: errors.New("stopped"),
	}
	now.usage = usage{memory: 8 << 20, cpu: 3 * time.Minute, processors: 4}
	now.lags = []Lag{{Name: "orders", Age: 2 * time.Minute}, {Name: "mails", Age: time.Hour, Stopped: true}}
	w := window{length: time.Minute, samples: []sample{then, now}}

	all := Production()
	for _, r := range all.rules() {
		want, known := map[string]float64{
			"stopped": 1, "commands": 10, "events": 40, "latency_p50": 0.004, "latency_p95": 0.040, "latency_p99": 0.400,
			"memory": 7 << 20, "cpu": 0.5, "queue": 0.5, "stalled": 9, "lag": 60, "reader_stopped": 1, "outcome_unknown": 3, "not_written": 5,
		}[r.name]
		if got := r.measure(&w); !known || !got.judged || math.Abs(got.value-want) > 0.3*want {
			t.Errorf("%s: got %+v, want %v", r.name, got, want)
		}
		if missed := r.missed(r.limit); missed == r.atLeast {
			t.Errorf("%s: at its limit it is missed: %v", r.name, missed)
		}
	}
}
