package benchmarks

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is a closed loop: each client sends its next command when the one before is answered. It has one goroutine per client, which
// stop ends; the rest of it is for the benchmark's goroutine.
type load struct {
	do       appendFunc
	answered atomic.Int64
	record   atomic.Bool // latencies are kept
	ending   atomic.Bool

	ctx     context.Context // ends with the first error, which is its cause
	fail    context.CancelCauseFunc
	clients sync.WaitGroup
}

// startLoad sets clients to work.
func startLoad(b *testing.B, clients []*client, do appendFunc) *load {
	l := &load{do: do}
	l.ctx, l.fail = context.WithCancelCause(b.Context())
	for _, c := range clients {
		l.clients.Go(func() { l.run(c) })
	}
	return l
}

func (l *load) run(c *client) {
	for !l.ending.Load() {
		sent := time.Now()
		if err := c.send(l.ctx, l.do); err != nil {
			l.fail(err)
			return
		}
		if l.record.Load() {
			c.latencies = append(c.latencies, time.Since(sent))
		}
		l.answered.Add(1)
	}
}

// stop returns when every client has the answer to its last command, or b fails.
func (l *load) stop(b *testing.B) {
	b.Helper()
	l.ending.Store(true)
	l.clients.Wait()
	defer l.fail(nil)
	if err := context.Cause(l.ctx); err != nil {
		b.Fatal(err)
	}
}

// pause lets the clients work for a while. It returns at once when one of them has failed.
func (l *load) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.ctx.Done():
	}
}

// poll is how often the answers are counted. Being told of each would cost the clients something.
const poll = 2 * time.Millisecond

// await returns when more than so many commands have been answered, and how many; or when a client has failed.
func (l *load) await(before int64) (answered int64, ok bool) {
	for l.ctx.Err() == nil {
		if n := l.answered.Load(); n > before {
			return n, true
		}
		l.pause(poll)
	}
	return 0, false
}

// measure counts the answers through b.Loop and keeps the latencies meanwhile.
func (l *load) measure(b *testing.B) {
	counted := l.answered.Load()
	answered := counted
	l.record.Store(true)
	for b.Loop() {
		if counted == answered {
			var ok bool
			if answered, ok = l.await(counted); !ok {
				break
			}
		}
		counted++
	}
	l.record.Store(false)
}

// So many commands are answered before the measured time begins.
const (
	warmUp     = 2000
	warmUpEach = 3 // and these for each client
)

// runLoad measures so many clients on a store and reports commands/s, latencies and commands/commit.
func runLoad(b *testing.B, s *store, n int) {
	clients := newClients(b, n, s.streams)
	l := startLoad(b, clients, s.append)
	l.await(int64(warmUp + warmUpEach*n))
	s.commits.reset()
	l.measure(b)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
	s.commits.report(b)
	l.stop(b)
	reportLatencies(b, clients)
}
