package benchmarks

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// BenchmarkWorkload runs the workloads of package workload, by commands that succeed. Those of financial and orders are decided, all on
// a few hot streams. Afterwards the log is read back and checked.
func BenchmarkWorkload(b *testing.B) {
	for _, w := range []scenario{
		{name: "financial", start: func(b *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			p := preload(b, s)
			bank := workload.NewBank(s, "", true)
			return bank.Do, workload.Money(p, bank)
		}},
		{name: "orders", start: func(b *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			p := preload(b, s)
			shop := workload.NewShop(s, "")
			return shop.Do, workload.Goods(p, shop)
		}},
		{name: "batches", start: func(_ *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			return workload.NewBatches(s, 100).Do, workload.InPlace()
		}},
		{name: "streams", retries: true, start: func(b *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			streams := workload.NewStreams(s, *streamCount)
			if err := streams.Begin(b.Context()); err != nil {
				b.Fatal(err)
			}
			return streams.Do, workload.InPlace()
		}},
		{name: "cold", past: coldHistory, start: func(_ *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			return workload.NewCold(s, coldHistory.names()).Do, workload.InPlace()
		}},
		{name: "hot", start: func(_ *testing.B, s workload.Store) (workload.Do, workload.Invariant) {
			return workload.NewHot(s).Do, workload.InPlace()
		}},
	} {
		for _, clients := range clientCounts {
			b.Run(fmt.Sprintf("w=%s/clients=%d", w.name, clients), func(b *testing.B) { w.run(b, clients) })
		}
	}
}

// scenario is a workload and where it runs.
type scenario struct {
	name    string
	retries bool    // commands may conflict, and are tried again
	past    history // what the log holds before
	start   func(b *testing.B, s workload.Store) (workload.Do, workload.Invariant)
}

func (w *scenario) run(b *testing.B, clients int) {
	s := openBehind(b, w.past, groupcommit.Config{}, 0)
	counting := &countingStore{Store: s.Store}
	do, invariant := w.start(b, counting)
	vacuum(b, pgtest.Conn(b), s.schema)
	workers := newWorkers(clients, do)

	l := startLoad(b.Context(), workers)
	l.warmUp(clients)
	s.commits.reset()
	counting.attempts.Store(0)
	t := l.measure(b)
	attempts := counting.attempts.Load()
	s.commits.report(b)
	l.giveUp(b)

	t.report(b)
	b.ReportMetric(float64(t.refused), "refused")
	if w.retries {
		b.ReportMetric(float64(attempts)/float64(t.commands), "attempts/command")
	}
	reportLatencies(b, workers)
	s.audit(b, workload.Contiguous(), invariant)
}

// countingStore counts the attempts at commands. It carries each to its end, also when there is not going to be another one: else
// nobody would know what to look for in the log.
type countingStore struct {
	*groupcommit.Store
	attempts atomic.Int64
}

func (s *countingStore) Append(ctx context.Context, cmd groupcommit.Command) (groupcommit.Result, error) {
	s.attempts.Add(1)
	return s.Store.Append(context.WithoutCancel(ctx), cmd)
}

// endless is more commands than any run has: nobody runs out of money or goods.
const endless = 1_000_000_000

func preload(b *testing.B, s workload.Store) workload.Preload {
	b.Helper()
	p := workload.Preload{Opening: workload.OpeningFor(endless), Stock: workload.StockFor(endless)}
	if err := p.Run(b.Context(), s); err != nil {
		b.Fatal(err)
	}
	return p
}
