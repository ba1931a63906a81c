package stats_test

import (
	"math"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

func TestSince(t *testing.T) {
	latency, commits := stats.NewDurations(), stats.NewDurations()
	latency.Observe(int64(time.Second))
	commits.Observe(int64(time.Second))
	then := stats.Stats{At: time.Now(), Latency: latency.Histogram(), Commits: commits.Histogram(), Events: 5, Heads: stats.Heads{Hits: 3, Misses: 2}}
	for range 100 {
		latency.Observe(int64(2 * time.Millisecond))
	}
	for range 4 {
		commits.Observe(int64(10 * time.Millisecond))
	}
	now := then
	now.At = then.At.Add(2 * time.Second)
	now.Latency, now.Commits = latency.Histogram(), commits.Histogram()
	now.Commands = stats.Commands{Committed: 80, Conflicts: 20}
	now.Events += 160
	now.Heads = stats.Heads{Hits: 12, Misses: 3}

	r := now.Since(&then)
	if r.Over != 2*time.Second || r.Commands != 40 || r.Events != 80 || r.Conflicts != 10 || r.Commits != 2 || r.PerCommit != 20 || r.HeadHits != 0.9 {
		t.Errorf("got %+v", r)
	}
	if r.P50 > 3*time.Millisecond || r.P99 > 3*time.Millisecond || math.Abs(r.CommitTime.Seconds()-0.010) > 1e-6 {
		t.Errorf("what was before counts: %+v", r)
	}
	if idle := now.Since(&now); idle.Commands != 0 || idle.HeadHits != 1 {
		t.Errorf("over no time: %+v", idle)
	}
}
