package benchmarks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// Each contestant works for a turn, of which the beginning does not count: until all its clients are at work.
const (
	turnWarmUp = 100 * time.Millisecond
	turnTime   = 250 * time.Millisecond
	rounds     = 5 // in an operation
)

// BenchmarkBaseline compares the store with what can be done without group commit, on the same server and with the same clients. All
// take turns, many times in one run, so that whatever else disturbs the machine disturbs all alike. Rates are medians over the
// turns. x-tx, x-insert and x-statement tell how many times as fast ours is: the median over all rounds of the ratio within the round.
func BenchmarkBaseline(b *testing.B) {
	for _, clients := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkBaseline(b, clients) })
	}
}

func benchmarkBaseline(b *testing.B, clients int) {
	s := openStore(b, groupcommit.Config{}, *streamCount)
	pool := newRivalPool(b, pgtest.URL(b))
	tx := newContestant(b, newRival(b, s, pool, "tx").transact, clients, s.streams)
	insert := newContestant(b, newRival(b, s, pool, "insert").insert, clients, s.streams)
	statement := newContestant(b, newRival(b, s, pool, "statement").compare, clients, s.streams)
	ours := newContestant(b, s.append, clients, s.streams)
	all := []*contestant{tx, insert, statement, ours}
	takeTurns(b, all)
	b.ReportMetric(median(tx.rates), "tx-commands/s")
	b.ReportMetric(median(insert.rates), "insert-commands/s")
	b.ReportMetric(median(statement.rates), "statement-commands/s")
	b.ReportMetric(median(ours.rates), "commands/s")
	b.ReportMetric(ours.times(tx), "x-tx")
	b.ReportMetric(ours.times(insert), "x-insert")
	b.ReportMetric(ours.times(statement), "x-statement")
	reportLatencies(b, ours.clients)
	b.ReportMetric(milliseconds(percentile(latencies(tx.clients), 50)), "tx-p50-ms")
}

// takeTurns lets each work in turn, for some rounds an operation, after one that does not count.
func takeTurns(b *testing.B, all []*contestant) {
	for _, c := range all {
		c.turn(b)
		c.forget()
	}
	for b.Loop() {
		for range rounds {
			for _, c := range all {
				c.turn(b)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // that of a round says nothing
}

// contestant is one way to append, and how it fared.
type contestant struct {
	do      appendFunc
	clients []*client
	rates   []float64 // commands/s in each turn
}

func newContestant(b *testing.B, do appendFunc, clients int, streams []string) *contestant {
	return &contestant{do: do, clients: newClients(b, clients, streams)}
}

// turn lets the contestant work alone for a while.
func (c *contestant) turn(b *testing.B) {
	l := startLoad(b, c.clients, c.do)
	l.pause(turnWarmUp)
	l.record.Store(true)
	began, before := time.Now(), l.answered.Load()
	l.pause(turnTime)
	took, answered := time.Since(began), l.answered.Load()-before
	l.record.Store(false)
	l.stop(b)
	c.rates = append(c.rates, float64(answered)/took.Seconds())
}

// forget leaves out what has been measured so far.
func (c *contestant) forget() {
	c.rates = nil
	for _, client := range c.clients {
		client.latencies = nil
	}
}

// times is how many times as fast c is as the other one.
func (c *contestant) times(other *contestant) float64 {
	ratios := make([]float64, len(c.rates))
	for i := range ratios {
		ratios[i] = c.rates[i] / other.rates[i]
	}
	return median(ratios)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
