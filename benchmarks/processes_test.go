package benchmarks

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkProcesses is n busy processes on one store, each with 1,000 clients and streams of its own, so that they differ about nothing
// but whose turn it is. They work in turn with one process that has a store for itself: x-one is what they do in all as a multiple of it,
// and with n=1 tells how well two of the same can be measured. share-min is the share of the process that got least, 1/n where all
// got the same. moved/commit is how many commits were refused, because another process was quicker, for each that was not.
//
// Rates and shares are medians over the turns. Two processes should reach 0.8 of one, and none of them get less than 0.3.
func BenchmarkProcesses(b *testing.B) {
	for _, n := range []int{1, 2, 3} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) { benchmarkProcesses(b, n) })
	}
}

func benchmarkProcesses(b *testing.B, n int) {
	busy := assignment{Streams: *streamCount, Clients: 1000}
	alone, crowd := startFleet(b, 1, busy), startFleet(b, n, busy)
	for _, f := range []*fleet{alone, crowd} {
		f.warmUp, f.time = 300*time.Millisecond, time.Second // many times as long as one process keeps others waiting
	}
	one, all := alone.contestant(), crowd.contestant()
	takeTurns(b, one, all)
	all.report(b, "commands/s")
	b.ReportMetric(all.times(one), "x-one")
	b.ReportMetric(median(crowd.shares), "share-min")
	crowd.report(b, 99)
}
