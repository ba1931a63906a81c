package benchmarks

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// latencies of all clients, sorted.
func latencies(clients []*client) []time.Duration {
	var all []time.Duration
	for _, c := range clients {
		all = append(all, c.latencies...)
	}
	slices.Sort(all)
	return all
}

func forgetLatencies(clients []*client) {
	for _, c := range clients {
		c.latencies = nil
	}
}

// percentile is the smallest of the sorted values that p percent of them do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (p*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// reportLatencies reports p50-ms, p95-ms and p99-ms.
func reportLatencies(b *testing.B, clients []*client) {
	reportPercentiles(b, "", latencies(clients), 50, 95, 99)
}

// reportPercentiles reports those of sorted values as p50-ms and so on, with a prefix.
func reportPercentiles(b *testing.B, prefix string, sorted []time.Duration, percentiles ...int) {
	for _, p := range percentiles {
		b.ReportMetric(milliseconds(percentile(sorted, p)), fmt.Sprintf("%sp%d-ms", prefix, p))
	}
}

func TestPercentile(t *testing.T) {
	for _, test := range []struct {
		values int // 1, 2, ... of them
		p      int
		want   time.Duration
	}{
		{0, 50, 0}, {1, 50, 1}, {1, 99, 1}, {2, 50, 1}, {2, 51, 2}, {4, 50, 2},
		{100, 0, 1}, {100, 50, 50}, {100, 95, 95}, {100, 99, 99}, {100, 100, 100},
	} {
		values := make([]time.Duration, test.values)
		for i := range values {
			values[i] = time.Duration(i + 1)
		}
		if got := percentile(values, test.p); got != test.want {
			t.Errorf("percentile %v of 1..%d is %d, want %d", test.p, test.values, got, test.want)
		}
	}
}
