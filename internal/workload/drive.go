package workload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Load says how a workload is driven.
type Load struct {
	Clients  int    // that run at the same time, each with one command at a time; defaults to 1
	Commands int    // after which the run ends, refused and failed ones included; defaults to no end but that of ctx
	Each     func() // told after each command, by any client; nil: nobody is
}

// Do runs command i of a workload, from 0, to its end, and tells what became of it. A Refusal is no failure.
type Do func(ctx context.Context, i int) (Outcome, error)

// Drive runs commands in a closed loop: a client begins its next command when it has the verdict on the one before. All clients
// draw from one counter. When ctx ends no further command begins; those that have begun are run to their end.
func Drive(ctx context.Context, load Load, do Do) Result {
	var drawn atomic.Int64
	var wg sync.WaitGroup
	clients := make([]client, max(load.Clients, 1))
	begun := time.Now()
	for i := range clients {
		wg.Go(func() { clients[i].run(ctx, load, &drawn, do) })
	}
	wg.Wait()
	return sum(clients, time.Since(begun))
}

// client is one of the goroutines of Drive, which alone touches it until it has ended.
type client struct {
	latencies []time.Duration // of the commands that succeeded
	events    int
	conflicts int
	refusals  int
	errors    int
	err       error // the first one
}

func (c *client) run(ctx context.Context, load Load, drawn *atomic.Int64, do Do) {
	toItsEnd := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		i := int(drawn.Add(1) - 1)
		if load.Commands > 0 && i >= load.Commands {
			return
		}
		begun := time.Now()
		outcome, err := do(toItsEnd, i)
		c.record(outcome, err, time.Since(begun))
		if load.Each != nil {
			load.Each()
		}
	}
}

func (c *client) record(outcome Outcome, err error, took time.Duration) {
	c.conflicts += outcome.Conflicts
	if err == nil {
		c.latencies = append(c.latencies, took)
		c.events += outcome.Events
		return
	}
	if _, refused := errors.AsType[Refusal](err); refused {
		c.refusals++
		return
	}
	c.errors++
	if c.err == nil {
		c.err = err
	}
}
