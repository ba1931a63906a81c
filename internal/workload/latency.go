package workload

import (
	"math"
	"slices"
	"time"
)

// Latency is a summary of all recorded values; no bucket has rounded it.
type Latency struct {
	Min, P50, P95, P99, Max time.Duration
}

// summarize sorts the values. There is nothing to tell of none.
func summarize(values []time.Duration) Latency {
	if len(values) == 0 {
		return Latency{}
	}
	slices.Sort(values)
	return Latency{
		Min: values[0],
		P50: percentile(values, 0.50),
		P95: percentile(values, 0.95),
		P99: percentile(values, 0.99),
		Max: values[len(values)-1],
	}
}

// percentile is the smallest value that this share of the values does not exceed.
func percentile(sorted []time.Duration, share float64) time.Duration {
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[max(rank-1, 0)]
}
