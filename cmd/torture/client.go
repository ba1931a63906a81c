package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// client submits commands in bursts, and waits for all of a burst before the next one.
type client struct {
	writer    *writer
	submitter int
	count     int // commands so far
	order     int // attempts so far
	again     []oracle.Attempt
	random    *rand.Rand // for what is decided on verdicts
}

func newClient(w *writer, i int) *client {
	c := &client{writer: w, submitter: w.Submitter + i}
	c.random = w.script.random(number(c.submitter, 1<<31))
	for n := i; n < len(w.Again); n += w.Clients {
		c.again = append(c.again, w.Again[n])
	}
	return c
}

// maxBurst is how many commands a client may have under way.
const maxBurst = 8

// run goes on until ctx has ended and nothing is left that may be submitted again to learn what became of it.
func (c *client) run(ctx context.Context) {
	for ctx.Err() == nil || len(c.again) > 0 {
		c.submit(ctx, c.burst(ctx))
		pause(ctx, time.Duration(2*c.random.Float64()*float64(c.writer.Pause)))
	}
}

// burst is what is submitted next: first what has to be tried again, and something new.
func (c *client) burst(ctx context.Context) (burst []oracle.Attempt) {
	n := min(len(c.again), maxBurst)
	burst, c.again = slices.Clone(c.again[:n]), c.again[n:]
	if ctx.Err() != nil {
		return burst
	}
	for range 1 + c.random.IntN(maxBurst) {
		number := number(c.submitter, c.count)
		c.count++
		burst = append(burst, oracle.Attempt{Command: number, Streams: c.writer.script.streams(number)})
	}
	return burst
}

func (c *client) submit(ctx context.Context, burst []oracle.Attempt) {
	for i := range burst {
		a := &burst[i]
		*a = oracle.Attempt{Command: a.Command, Streams: a.Streams, Submitter: c.submitter, Order: c.order, Submitted: now()}
		c.order++
	}
	c.writer.report(report{Attempts: burst})
	store := c.writer.store.Load()
	futures := make([]*groupcommit.Future, len(burst))
	for i := range burst {
		futures[i] = store.Submit(c.impatient(), c.writer.script.compose(burst[i].Command, burst[i].Streams))
	}
	var oddities []string
	for i := range burst {
		if err := c.conclude(ctx, &burst[i], futures[i]); err != nil {
			oddities = append(oddities, fmt.Sprintf("command %d: %v", burst[i].Command, err))
		}
	}
	c.writer.report(report{Attempts: burst, Oddities: oddities})
}

// impatient is a context that may end before a command is taken up. It ends by itself.
func (c *client) impatient() context.Context {
	if c.random.IntN(20) > 0 {
		return context.Background()
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Duration(c.random.IntN(20))*time.Millisecond, cancel)
	return ctx
}

// conclude waits for a verdict, and decides whether the command is submitted again. It returns an error that nothing has given reason for.
func (c *client) conclude(ctx context.Context, a *oracle.Attempt, future *groupcommit.Future) (err error) {
	var ok bool
	a.Result, err = future.Wait(context.Background())
	a.Told = now()
	a.Verdict, a.Conflict, ok = oracle.VerdictOf(err)
	c.writer.script.learn(a)
	if c.repeats(ctx, a) {
		c.again = append(c.again, *a)
	}
	if ok {
		err = nil
	}
	return err
}

// repeats tells whether a command is submitted again: always where only that tells what became of it, never where it might take effect
// twice, and otherwise now and then.
func (c *client) repeats(ctx context.Context, a *oracle.Attempt) bool {
	switch {
	case a.Verdict == oracle.Unknown:
		return identified(a.Command)
	case ctx.Err() != nil:
		return false
	case a.Verdict == oracle.NotWritten:
		return c.random.IntN(4) > 0
	default:
		return identified(a.Command) && c.random.IntN(10) == 0
	}
}
