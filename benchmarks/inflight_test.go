package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkInFlight shows what several commits in flight bring: one contestant for each number of them, in turn in one run. xN is the
// rate with N in flight as a multiple of that with one, the median over all rounds.
func BenchmarkInFlight(b *testing.B) {
	for _, clients := range []int{10, 100, 1000, 4000} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkInFlight(b, clients) })
	}
}

func benchmarkInFlight(b *testing.B, clients int) {
	var all []*contestant
	for k := 1; k <= 4; k++ {
		s := openStore(b, groupcommit.Config{InFlight: k}, *streamCount)
		all = append(all, newContestant(b, s.append, clients, s.streams))
	}
	takeTurns(b, all)
	for i, c := range all {
		b.ReportMetric(median(c.rates), fmt.Sprintf("k%d-commands/s", i+1))
		if i > 0 {
			b.ReportMetric(c.times(all[0]), fmt.Sprintf("x%d", i+1))
		}
	}
}
