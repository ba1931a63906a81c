package stats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

func TestDistinctEstimates(t *testing.T) {
	now := time.Now()
	for _, n := range []int{0, 1, 10, 1000, 5000, 20_000, 200_000} {
		d := stats.NewDistinct(now)
		for range 2 {
			for i := range n {
				d.Add(fmt.Sprint("stream-", i))
			}
		}
		if got := d.Estimate(); float64(got) < 0.85*float64(n) || float64(got) > 1.15*float64(n) {
			t.Errorf("%d streams are estimated as %d", n, got)
		}
	}
}

// What was added is counted for a minute, over all of its parts together, and then forgotten.
func TestDistinctForgets(t *testing.T) {
	now := time.Now()
	d := stats.NewDistinct(now)
	d.Add("first")
	for _, step := range []struct {
		after time.Duration
		add   string
		want  int
	}{
		{30 * time.Second, "second", 2},
		{55 * time.Second, "second", 2},
		{65 * time.Second, "second", 1},
		{80 * time.Second, "third", 2},
		{time.Hour, "fourth", 1},
		{2 * time.Hour, "fifth", 1},
	} {
		d.Turn(now.Add(step.after))
		d.Add(step.add)
		if got := d.Estimate(); got != step.want {
			t.Errorf("after %v: got %d, want %d", step.after, got, step.want)
		}
	}
}
