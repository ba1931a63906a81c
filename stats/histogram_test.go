package stats_test

import (
	"math"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

func TestHistogram(t *testing.T) {
	m := stats.NewDurations()
	for range 90 {
		m.Observe(int64(4 * time.Millisecond))
	}
	before := m.Histogram()
	for range 10 {
		m.Observe(int64(80 * time.Millisecond))
	}
	h := m.Histogram()
	if h.Count() != 100 || math.Abs(h.Sum-(90*0.004+10*0.080)) > 1e-9 {
		t.Errorf("got %d values, sum %v", h.Count(), h.Sum)
	}
	for _, q := range []struct{ part, lower, upper float64 }{{0.5, 0.003, 0.005}, {0.9, 0.003, 0.005}, {0.95, 0.07, 0.1}, {1, 0.07, 0.1}} {
		if got := h.Quantile(q.part); got < q.lower || got > q.upper {
			t.Errorf("quantile %v is %v, want it from %v to %v", q.part, got, q.lower, q.upper)
		}
	}
	later := h.Minus(&before)
	if later.Count() != 10 || math.Abs(later.Sum-0.8) > 1e-9 || later.Quantile(0.01) <= 0.05 {
		t.Errorf("later: %d values, sum %v, quantile %v", later.Count(), later.Sum, later.Quantile(0.01))
	}
	if h.Count() != 100 || before.Count() != 90 {
		t.Errorf("Minus has changed what it was given: %d, %d", h.Count(), before.Count())
	}
}

func TestEmptyHistogram(t *testing.T) {
	empty := stats.NewSizes().Histogram()
	for _, h := range []stats.Histogram{{}, empty} {
		if h.Count() != 0 || h.Quantile(0.99) != 0 {
			t.Errorf("got %d, %v", h.Count(), h.Quantile(0.99))
		}
	}
}

// Each value is in the first bucket whose bound it does not exceed, whatever was observed before it.
func TestMeterBuckets(t *testing.T) {
	bounds := stats.NewAmounts().Histogram().Bounds
	m := stats.NewAmounts()
	want := make([]uint64, len(bounds)+1)
	for i, bound := range bounds {
		for _, value := range []int64{int64(bound), 1, int64(bound) + 1, 1 << 40, int64(bound)} {
			m.Observe(value)
		}
		want[i] += 2
		want[0]++
		want[i+1]++
		want[len(bounds)]++
	}
	got := m.Histogram().Counts
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("bucket %d: got %d, want %d", i, got[i], want[i])
		}
	}
}

func TestBoundsAscend(t *testing.T) {
	for _, m := range []*stats.Meter{stats.NewDurations(), stats.NewAmounts(), stats.NewSizes()} {
		h := m.Histogram()
		for i := 1; i < len(h.Bounds); i++ {
			if h.Bounds[i] <= h.Bounds[i-1] {
				t.Errorf("%v follows %v", h.Bounds[i], h.Bounds[i-1])
			}
		}
		if len(h.Counts) != len(h.Bounds)+1 || len(h.Bounds) > 40 {
			t.Errorf("%d bounds, %d counts", len(h.Bounds), len(h.Counts))
		}
	}
}

// What is given up after Config.RetryFor is told from what took half as long, or twice.
func TestOutagesAreToldApart(t *testing.T) {
	for _, took := range []time.Duration{11, 16, 22, 31, 46} {
		m := stats.NewDurations()
		m.Observe(int64(took * time.Second))
		if h := m.Histogram(); h.Quantile(1) > 1.5*(took*time.Second).Seconds() {
			t.Errorf("%v s is told as %v s", int(took), h.Quantile(1))
		}
	}
}

// A value beyond the last bound is told as that bound.
func TestQuantileBeyond(t *testing.T) {
	m := stats.NewDurations()
	m.Observe(int64(time.Hour))
	if h := m.Histogram(); h.Quantile(0.5) != 60 {
		t.Errorf("got %v", h.Quantile(0.5))
	}
}
