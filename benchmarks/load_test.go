package benchmarks

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// load is clients at work, in a closed loop or an open one. Each has a goroutine of its own until end, stop or giveUp; the rest of it is
// for the goroutine that measures.
type load struct {
	answered atomic.Int64 // commands that succeeded
	events   atomic.Int64 // that these appended
	refused  atomic.Int64 // commands to which a business rule said no
	record   atomic.Bool  // latencies are kept
	ending   atomic.Bool

	ctx     context.Context // ends with the first error, which is its cause
	fail    context.CancelCauseFunc
	clients sync.WaitGroup
}

func newLoad(ctx context.Context) *load {
	l := &load{}
	l.ctx, l.fail = context.WithCancelCause(ctx)
	return l
}

// startLoad sets clients to work in a closed loop: each sends its next command when the one before is answered.
func startLoad(ctx context.Context, clients []*client) *load {
	l := newLoad(ctx)
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
	outcome, err := c.send(l.ctx)
	if _, refused := errors.AsType[workload.Refusal](err); refused {
		l.refused.Add(1)
		return true
	}
	if err != nil {
		l.fail(err)
		return false
	}
	if l.record.Load() {
		c.latencies = append(c.latencies, time.Since(since))
	}
	l.events.Add(int64(outcome.Events))
	l.answered.Add(1)
	return true
}

// end returns when every client has the answer to its last command, with the error of the first that failed.
func (l *load) end() error {
	l.ending.Store(true)
	l.clients.Wait()
	defer l.fail(nil)
	if err := context.Cause(l.ctx); !errors.Is(err, errGivenUp) {
		return err
	}
	return nil
}

// stop is end for a benchmark.
func (l *load) stop(tb testing.TB) {
	tb.Helper()
	if err := l.end(); err != nil {
		tb.Fatal(err)
	}
}

var errGivenUp = errors.New("the load has ended")

// giveUp is stop where a client may have to try its last command many times: it does not try again.
func (l *load) giveUp(tb testing.TB) {
	tb.Helper()
	l.ending.Store(true)
	l.fail(errGivenUp)
	l.stop(tb)
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

// So many commands are answered before the measured time begins, or where that takes too long, as many as there come.
const (
	warmUp     = 2000
	warmUpEach = 3 // and these for each client
	warmUpTime = time.Second
)

func (l *load) warmUp(clients int) {
	enough, began := int64(warmUp+warmUpEach*clients), time.Now()
	for l.answered.Load() < enough && time.Since(began) < warmUpTime && l.ctx.Err() == nil {
		l.pause(poll)
	}
}

// measure counts the answers through b.Loop and keeps the latencies meanwhile.
func (l *load) measure(b *testing.B) tally {
	since := l.tally()
	counted := l.answered.Load()
	answered := counted
	l.record.Store(true)
	b.ReportAllocs()
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
	return since()
}

// tally is what a load came to in some time.
type tally struct {
	commands, events, refused int64
	took                      time.Duration
}

// tally begins to count. The function that it returns tells what has come since.
func (l *load) tally() (since func() tally) {
	commands, events, refused, began := l.answered.Load(), l.events.Load(), l.refused.Load(), time.Now()
	return func() tally {
		return tally{
			commands: l.answered.Load() - commands,
			events:   l.events.Load() - events,
			refused:  l.refused.Load() - refused,
			took:     time.Since(began),
		}
	}
}

func (t *tally) perSecond(n int64) float64 { return float64(n) / t.took.Seconds() }

// report reports commands/s and events/s.
func (t *tally) report(b *testing.B) {
	b.ReportMetric(t.perSecond(t.commands), "commands/s")
	b.ReportMetric(t.perSecond(t.events), "events/s")
}

// rate lets the clients work for a while and tells how many commands were answered per second. From its beginning on latencies are kept.
func (l *load) rate(d time.Duration) float64 {
	since := l.tally()
	l.record.Store(true)
	l.pause(d)
	t := since()
	return t.perSecond(t.commands)
}

// runLoad measures clients on a store and reports rates, latencies and commands/commit.
func runLoad(b *testing.B, s *store, clients []*client) {
	l := startLoad(b.Context(), clients)
	l.warmUp(len(clients))
	s.commits.reset()
	t := l.measure(b)
	s.commits.report(b)
	l.stop(b)
	t.report(b)
	reportLatencies(b, clients)
}

func TestLoadCountsWhatBecameOfCommands(t *testing.T) {
	clients := newWorkers(3, func(ctx context.Context, i int) (workload.Outcome, error) {
		switch {
		case i >= 30: // would be tried for ever
			<-ctx.Done()
			return workload.Outcome{}, context.Cause(ctx)
		case i%3 == 0:
			return workload.Outcome{}, workload.ErrOutOfStock
		default:
			return workload.Outcome{Events: 2}, nil
		}
	})
	l := startLoad(t.Context(), clients)
	l.await(19)
	l.giveUp(t)
	if commands, events, refused := l.answered.Load(), l.events.Load(), l.refused.Load(); commands != 20 || events != 40 || refused != 10 {
		t.Errorf("%d commands with %d events, %d refused; want 20, 40, 10", commands, events, refused)
	}
}
