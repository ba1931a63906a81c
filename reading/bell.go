package reading

import (
	"context"
	"sync"
	"time"
)

// bell wakes subscriptions when the log has grown. While there is one, the log is watched for what other processes append, until the bell is
// stopped.
type bell struct {
	watch func(ctx context.Context, ring func())

	mu        sync.Mutex    // guards the fields below
	rung      chan struct{} // closed by the next ring
	rings     uint64
	followers int
	unwatch   context.CancelFunc // ends the watch; nil when there is none
	stopped   bool               // nothing is watched any more
	watching  sync.WaitGroup
}

func newBell(watch func(context.Context, func())) *bell {
	return &bell{watch: watch, rung: make(chan struct{})}
}

// ring tells that the log has grown.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rings++
	if b.followers > 0 {
		close(b.rung)
		b.rung = make(chan struct{})
	}
}

// next is closed by the next ring, after so many. Who asks for it before looking at the log misses nothing.
func (b *bell) next() (rung <-chan struct{}, rings uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung, b.rings
}

// await returns when the bell has rung, after a while, or when ctx ends.
func await(ctx context.Context, rung <-chan struct{}, while time.Duration) {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-rung:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// follow keeps the watch up until leave is called.
func (b *bell) follow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers++
	if b.followers == 1 && !b.stopped {
		ctx, end := context.WithCancel(context.Background())
		b.unwatch = end
		b.watching.Go(func() { b.watch(ctx, b.ring) })
	}
}

// leave tells whether nobody follows any more.
func (b *bell) leave() (last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers--
	if b.followers == 0 {
		b.endWatch()
	}
	return b.followers == 0
}

// stop returns when nothing is watched any more, nor ever will be: who follows from then on hears only what this process tells.
func (b *bell) stop() {
	b.mu.Lock()
	b.stopped = true
	b.endWatch()
	b.mu.Unlock()
	b.watching.Wait()
}

// endWatch is called with mu held.
func (b *bell) endWatch() {
	if b.unwatch != nil {
		b.unwatch()
		b.unwatch = nil
	}
}
