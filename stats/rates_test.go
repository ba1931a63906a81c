package stats_test

import (
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

func TestSince(t *testing.T) {
	latency, commits := stats.NewDurations(), stats.NewDurations()
	observe := func(m *stats.Meter, n int, took time.Duration) {
		for range n {
			m.Observe(int64(took))
		}
	}
	observe(latency, 1000, time.Minute)
	observe(commits, 1, time.Second)
	then := stats.Stats{At: time.Now(), Latency: latency.Histogram(), Commits: commits.Histogram(), Events: 5}
	observe(latency, 90, 2*time.Millisecond)
	observe(latency, 7, 20*time.Millisecond)
	observe(latency, 3, 200*time.Millisecond)
	observe(commits, 4, 10*time.Millisecond)
	now := then
	now.At = then.At.Add(2 * time.Second)
	now.Latency, now.Commits = latency.Histogram(), commits.Histogram()
	now.Commands = stats.Commands{Committed: 80, Conflicts: 20}
	now.Events += 160

	r := now.Since(&then)
	if r.Over != 2*time.Second || r.Commands != 40 || r.Events != 80 || r.Commits != 2 || r.PerCommit != 20 {
		t.Errorf("got %+v", r)
	}
	for name, q := range map[string]struct{ got, want time.Duration }{
		"P50": {r.P50, 2 * time.Millisecond}, "P95": {r.P95, 20 * time.Millisecond}, "P99": {r.P99, 200 * time.Millisecond},
	} {
		if q.got < q.want/2 || q.got > 2*q.want {
			t.Errorf("%s is %v, want about %v", name, q.got, q.want)
		}
	}
	if idle := now.Since(&now); idle != (stats.Rates{}) {
		t.Errorf("over no time: %+v", idle)
	}
}
