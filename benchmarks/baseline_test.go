package benchmarks

import (
	"fmt"
	"slices"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// BenchmarkBaseline compares the store with what can be done without group commit, on the same server and with the same clients. All
// take turns, many times in one run, so that whatever else disturbs the machine disturbs all alike. Rates are medians over the
// turns. x-tx, x-insert and x-statement tell how many times as fast ours is: the median over all rounds of the ratio within the round.
//
// x-tx-best, at 4,000 clients, is against one transaction per command with as many clients as suit it best.
func BenchmarkBaseline(b *testing.B) {
	for _, clients := range []int{1, 10, 100, 1000, 4000} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkBaseline(b, clients) })
	}
}

func benchmarkBaseline(b *testing.B, clients int) {
	s := openStore(b, groupcommit.Config{}, *streamCount)
	pool := newRivalPool(b, pgtest.URL(b))
	ours := newContestant(newClients(b, clients, s, s.append))
	tx := newContestant(newClients(b, clients, s, newRival(b, s, pool, "tx").transact))
	insert := newContestant(newClients(b, clients, s, newRival(b, s, pool, "insert").insert))
	statement := newContestant(newClients(b, clients, s, newRival(b, s, pool, "statement").compare))
	var txs []*contestant
	if clients == 4000 {
		for _, n := range []int{1, 10, 20, 50, 100} {
			txs = append(txs, newContestant(newClients(b, n, s, newRival(b, s, pool, fmt.Sprintf("tx_%d", n)).transact)))
		}
	}
	takeTurns(b, slices.Concat([]*contestant{tx, insert, statement, ours}, txs)...)
	ours.report(b, "commands/s")
	tx.report(b, "tx-commands/s")
	insert.report(b, "insert-commands/s")
	statement.report(b, "statement-commands/s")
	b.ReportMetric(ours.times(tx), "x-tx")
	b.ReportMetric(ours.times(insert), "x-insert")
	b.ReportMetric(ours.times(statement), "x-statement")
	if txs != nil {
		b.ReportMetric(ours.times(txs...), "x-tx-best")
	}
	reportLatencies(b, ours.clients)
	reportPercentiles(b, "tx-", latencies(tx.clients), 50, 95)
}
