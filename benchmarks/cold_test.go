package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// coldHistory has a stream for every second cold command, and enough of them: when all have had their turn, as many new ones have passed
// as well, together twice as many streams as a store remembers by default. So they can be used again, as cold as they were.
var coldHistory = history{streams: 100_000, length: 1}

// BenchmarkCold compares commands for streams that the store has never seen, half of which exist, with commands for streams that it
// knows, in turn and on logs of the same size. ratio is the rate of the first as a part of that of the second.
func BenchmarkCold(b *testing.B) {
	for _, clients := range []int{100, 1000} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			unaware := openBehind(b, coldHistory, groupcommit.Config{}, 0)
			cold := newContestant(newWorkers(clients, workload.NewCold(unaware, coldHistory.names()).Do))
			aware := openBehind(b, coldHistory, groupcommit.Config{}, *streamCount)
			warm := newContestant(newClients(b, clients, aware, aware.append))
			takeTurns(b, cold, warm)
			cold.report(b, "cold-commands/s")
			warm.report(b, "warm-commands/s")
			b.ReportMetric(cold.times(warm), "ratio")
			reportLatencies(b, cold.clients)
		})
	}
}
