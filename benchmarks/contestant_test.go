package benchmarks

import (
	"slices"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

// Each contestant works for a turn, of which the beginning does not count: until all its clients are at work, and have had as many
// answers as they are.
const (
	turnWarmUp = 100 * time.Millisecond
	turnTime   = 250 * time.Millisecond
	rounds     = 5 // in an operation
)

// contestant is who works in turn with others, and how it fared.
type contestant struct {
	turn    func(b *testing.B) (rate float64) // works alone for a while
	forget  func()                            // what it has kept of its turns; nil: it keeps nothing
	rates   []float64                         // per second, of each turn
	clients []*client                         // that have its latencies; nil: none do
}

// newContestant works with clients.
func newContestant(clients []*client) *contestant {
	return &contestant{
		turn:    func(b *testing.B) float64 { return turn(b, clients) },
		forget:  func() { forgetLatencies(clients) },
		clients: clients,
	}
}

// openContestant is a store of its own with so many clients.
func openContestant(b *testing.B, config groupcommit.Config, clients int) *contestant {
	b.Helper()
	s := openStore(b, config, *streamCount)
	return newContestant(newClients(b, clients, s, s.append))
}

// turn lets clients work for a while and gives their commands/s.
func turn(b *testing.B, clients []*client) float64 {
	l := startLoad(b.Context(), clients)
	l.pause(turnWarmUp)
	l.await(int64(len(clients)) - 1)
	rate := l.rate(turnTime)
	l.record.Store(false)
	l.stop(b)
	return rate
}

// takeTurns lets each work in turn, for some rounds an operation, after one that does not count.
func takeTurns(b *testing.B, all ...*contestant) {
	for _, c := range all {
		c.turn(b)
		if c.forget != nil {
			c.forget()
		}
	}
	for b.Loop() {
		for range rounds {
			for _, c := range all {
				c.rates = append(c.rates, c.turn(b))
			}
		}
	}
	b.ReportMetric(0, "ns/op") // that of a round says nothing
}

// compare lets c and another one take turns and reports commands/s and latencies of c, and as metric how many times as fast c is.
func compare(b *testing.B, c, other *contestant, metric string) {
	takeTurns(b, c, other)
	c.report(b, "commands/s")
	b.ReportMetric(c.times(other), metric)
	reportLatencies(b, c.clients)
}

// report reports the median of its rates.
func (c *contestant) report(b *testing.B, metric string) { b.ReportMetric(median(c.rates), metric) }

// times is how many times as fast c is as the fastest of the others: the median over all rounds of the ratio within the round.
func (c *contestant) times(others ...*contestant) float64 {
	best := fastest(others)
	ratios := make([]float64, len(c.rates))
	for i := range ratios {
		ratios[i] = c.rates[i] / best[i]
	}
	return median(ratios)
}

// fastest is the highest rate of each round.
func fastest(all []*contestant) []float64 {
	best := slices.Clone(all[0].rates)
	for _, c := range all[1:] {
		for i, rate := range c.rates {
			best[i] = max(best[i], rate)
		}
	}
	return best
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func TestTimes(t *testing.T) {
	c := &contestant{rates: []float64{10, 30, 8}}
	one, another := &contestant{rates: []float64{5, 10, 1}}, &contestant{rates: []float64{1, 15, 8}}
	if got := c.times(one); got != 3 { // 2, 3, 8
		t.Errorf("%v times one, want 3", got)
	}
	if got := c.times(one, another); got != 2 { // 2, 2, 1
		t.Errorf("%v times the faster of two, want 2", got)
	}
}
