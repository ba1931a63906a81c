package reading

import (
	"context"
	"sync"
	"time"
)

// bell wakes subscriptions when the log has grown. While there is one, the log is watched for what other processes append.
type bell struct {
	life  context.Context
	watch func(ctx context.Context, ring func())

	mu        sync.Mutex    // guards the fields below
	rung      chan struct{} // closed by the next ring
	rings     uint64
	followers int
	stop      context.CancelFunc // ends the watch
	watching  sync.WaitGroup
}

func newBell(life context.Context, watch func(context.Context, func())) *bell {
	return &bell{life: life, watch: watch, rung: make(chan struct{})}
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
	if b.followers == 1 && b.life.Err() == nil {
		ctx, stop := context.WithCancel(b.life)
		b.stop = stop
		b.watching.Go(func() { b.watch(ctx, b.ring) })
	}
}

// leave tells whether nobody follows any more.
func (b *bell) leave() (last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers--
	if b.followers == 0 && b.stop != nil {
		b.stop()
		b.stop = nil
	}
	return b.followers == 0
}

// wait returns when nothing is watched any more. Its life has ended.
func (b *bell) wait() { b.watching.Wait() }
