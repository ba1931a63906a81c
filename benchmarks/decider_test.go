package benchmarks

import (
	"flag"
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// BenchmarkDecider compares deciders with optimistic retry where streams are hot: a bank of 20 accounts, a shop of 10 products, and one stream for
// all. They take turns, each on a store of its own. Optimistic retry keeps states in memory, and after a conflict reads only what is new; on the one stream it
// uses the version that it was told, and reads nothing. For that one, there is also the load of a busy service on many streams, with its exact
// versions: x-streams is how near the hot stream comes to it.
func BenchmarkDecider(b *testing.B) {
	for _, w := range []struct {
		name                string
		decided, optimistic func(b *testing.B, s workload.Store) workload.Do
	}{
		{"financial",
			func(b *testing.B, s workload.Store) workload.Do {
				preload(b, s)
				return workload.NewBank(s, "", true).Do
			},
			func(b *testing.B, s workload.Store) workload.Do {
				preload(b, s)
				return workload.NewOptimisticBank(s, "", true).Do
			}},
		{"orders",
			func(b *testing.B, s workload.Store) workload.Do { preload(b, s); return workload.NewShop(s, "").Do },
			func(b *testing.B, s workload.Store) workload.Do {
				preload(b, s)
				return workload.NewOptimisticShop(s, "").Do
			}},
		{"hot",
			func(_ *testing.B, s workload.Store) workload.Do { return workload.NewHot(s).Decide },
			func(b *testing.B, s workload.Store) workload.Do { return beginStreams(b, s, 1) }},
	} {
		for _, clients := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("w=%s/clients=%d", w.name, clients), func(b *testing.B) {
				decided, optimistic := openAttempting(b, clients, w.decided), openAttempting(b, clients, w.optimistic)
				all := []*contestant{decided.contestant, optimistic.contestant}
				if w.name == "hot" {
					many := openAttempting(b, clients, func(b *testing.B, s workload.Store) workload.Do { return beginStreams(b, s, *streamCount) })
					all = append(all, many.contestant)
				}
				takeTurns(b, all...)
				decided.report(b, "")
				optimistic.report(b, "retry-")
				b.ReportMetric(decided.times(optimistic.contestant), "x-retry")
				if len(all) > 2 {
					b.ReportMetric(decided.times(all[2]), "x-streams")
				}
			})
		}
	}
}

func beginStreams(b *testing.B, s workload.Store, count int) workload.Do {
	streams := workload.NewStreams(s, count)
	if err := streams.Begin(b.Context()); err != nil {
		b.Fatal(err)
	}
	return streams.Do
}

// attempting is a contestant whose commands may take several attempts.
type attempting struct {
	*contestant
	store    *countingStore
	answered int64
}

func openAttempting(b *testing.B, clients int, start func(*testing.B, workload.Store) workload.Do) *attempting {
	b.Helper()
	s := openStore(b, groupcommit.Config{}, 0)
	a := &attempting{store: &countingStore{Store: s.Store}}
	workers := newWorkers(clients, start(b, a.store))
	vacuum(b, pgtest.Conn(b), s.schema)
	a.contestant = newContestant(workers)
	a.turn = func(b *testing.B) float64 { return a.work(b, workers) }
	forget := a.forget
	a.forget = func() {
		forget()
		a.answered = 0
		a.store.attempts.Store(0)
	}
	return a
}

// work is a turn whose last commands are not tried again and again.
func (a *attempting) work(b *testing.B, clients []*client) float64 {
	l := startLoad(b.Context(), clients)
	l.pause(turnWarmUp)
	rate := l.rate(turnTime)
	l.record.Store(false)
	l.giveUp(b)
	a.answered += l.answered.Load() + l.refused.Load()
	return rate
}

func (a *attempting) report(b *testing.B, prefix string) {
	a.contestant.report(b, prefix+"commands/s")
	b.ReportMetric(float64(a.store.attempts.Load())/float64(max(a.answered, 1)), prefix+"attempts/command")
	reportPercentiles(b, prefix, latencies(a.clients), 50, 95)
}

var stateCount = flag.Int("states", 20_000, "number of streams whose states BenchmarkStates keeps")

// BenchmarkStates keeps the states of many streams in memory, small ones, and reports what each takes.
func BenchmarkStates(b *testing.B) {
	for b.Loop() {
		store, err := groupcommit.OpenInMemory(groupcommit.Config{StateStreams: *stateCount, StateBytes: 1 << 40})
		if err != nil {
			b.Fatal(err)
		}
		accounts := decider.New(func(a workload.Account, e groupcommit.RecordedEvent) (workload.Account, error) {
			return a.Evolve(e.Type, e.Data)
		})
		before := liveHeap()
		for i := range *stateCount {
			account := accounts.At(fmt.Sprintf("account-%012d", i))
			if _, err := store.Submit(b.Context(), decider.Command(func(*decider.Decision) error { return nil }, account)).Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(liveHeap()-before)/float64(*stateCount), "B/stream")
		if kept := store.Stats().States.Streams; kept != *stateCount {
			b.Errorf("%d states are kept", kept)
		}
		if err := store.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}
