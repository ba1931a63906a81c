package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// afterFailure is how long a client waits when a command has failed: a database that is away is not hammered.
const afterFailure = time.Second

// crowd is the clients of one workload, whose number can be changed while they work. Each has one command at a time.
type crowd struct {
	name   string
	do     workload.Do
	budget *budget

	drawn    atomic.Int64
	failures failures
	running  sync.WaitGroup

	mu      sync.Mutex
	stops   []context.CancelFunc // one for each client
	stopped bool                 // for good
}

// size is how many clients there are.
func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.stops)
}

// resize lets clients begin, or end when they have the verdict on what they are at.
func (c *crowd) resize(clients int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.stops) > clients {
		c.stops[len(c.stops)-1]()
		c.stops = c.stops[:len(c.stops)-1]
	}
	for len(c.stops) < clients && !c.stopped {
		ctx, stop := context.WithCancel(context.Background())
		c.stops = append(c.stops, stop)
		c.running.Go(func() { c.work(ctx) })
	}
}

// stop ends all clients for good, and returns when they have ended.
func (c *crowd) stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.resize(0)
	c.running.Wait()
}

func (c *crowd) work(ctx context.Context) {
	toItsEnd := context.WithoutCancel(ctx)
	for ctx.Err() == nil && c.budget.take() {
		_, err := c.do(toItsEnd, int(c.drawn.Add(1)-1))
		if _, refused := errors.AsType[workload.Refusal](err); err == nil || refused {
			continue
		}
		c.failures.add(err)
		select {
		case <-time.After(afterFailure):
		case <-ctx.Done():
		}
	}
}

// budget is how many commands may still begin: a load that nobody watches does not fill the disk.
type budget struct {
	left  atomic.Int64
	spent func() // told once
	once  sync.Once
}

func (b *budget) take() bool {
	if b.left.Add(-1) >= 0 {
		return true
	}
	b.once.Do(b.spent)
	return false
}

// failures counts commands that failed, and keeps the first.
type failures struct {
	mu    sync.Mutex
	count int
	first error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.first == nil {
		f.first = err
	}
}

func (f *failures) get() (count int, first error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.first
}
