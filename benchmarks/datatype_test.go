package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkDataType shows what it brings to keep data as bytea: a store of either type, the same bytes for both, in turn in one run. x-bytea
// is the rate with bytea as a multiple of that with jsonb, the median over all rounds.
func BenchmarkDataType(b *testing.B) {
	for _, clients := range []int{100, 4000} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkDataType(b, clients) })
	}
}

func benchmarkDataType(b *testing.B, clients int) {
	contestantWith := func(dataType groupcommit.DataType) *contestant {
		s := openStore(b, groupcommit.Config{DataType: dataType}, *streamCount)
		return newContestant(b, s.append, clients, s.streams)
	}
	jsonb, bytea := contestantWith(groupcommit.DataJSONB), contestantWith(groupcommit.DataBytea)
	takeTurns(b, []*contestant{jsonb, bytea})
	b.ReportMetric(median(jsonb.rates), "jsonb-commands/s")
	b.ReportMetric(median(bytea.rates), "bytea-commands/s")
	b.ReportMetric(bytea.times(jsonb), "x-bytea")
}
