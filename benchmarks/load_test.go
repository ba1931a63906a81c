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

func newLoad(ctx context.Context, do appendFunc) *load {
	l := &load{do: do}
	l.ctx, l.fail = context.WithCancelCause(ctx)
	return l
}

// startLoad sets clients to work.
func startLoad(ctx context.Context, clients []*client, do appendFunc) *load {
	l := newLoad(ctx, do)
	for _, c := range clients {
		l.clients.Go(func() { l.run(c) })
	}
	return l
}

func (l *load) run(c *client) {
	for !l.ending.Load() && l.command(c, time.Now()) {
	}
}

// command has a client send its next command, whose latency counts from since on.
func (l *load) command(c *client, since time.Time) (ok bool) {
	if err := c.send(l.ctx, l.do); err != nil {
		l.fail(err)
		return false
	}
	if l.record.Load() {
		c.latencies = append(c.latencies, time.Since(since))
	}
	l.answered.Add(1)
	return true
}

// end returns when every client has the answer to its last command, with the error of the first that failed.
func (l *load) end() error {
	l.ending.Store(true)
	l.clients.Wait()
	defer l.fail(nil)
	return context.Cause(l.ctx)
}

// stop is end for a benchmark.
func (l *load) stop(b *testing.B) {
	b.Helper()
	if err := l.end(); err != nil {
		b.Fatal(err)
	}
}

// rate lets the clients work for a while and tells how many commands were answered per second. From its beginning on latencies are kept.
func (l *load) rate(d time.Duration) float64 {
	l.record.Store(true)
	began, before := time.Now(), l.answered.Load()
	l.pause(d)
	took, answered := time.Since(began), l.answered.Load()-before
	return float64(answered) / took.Seconds()
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
	l := startLoad(b.Context(), clients, s.append)
	l.await(int64(warmUp + warmUpEach*n))
	s.commits.reset()
	l.measure(b)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
	s.commits.report(b)
	l.stop(b)
	reportLatencies(b, clients)
}
