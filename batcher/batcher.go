package batcher

import (
	"context"
	"time"
)

// A Batcher gathers items into batches. All methods may be called from any
// goroutine.
//
// It owns one goroutine, which New starts and which ends when it closes the
// channel of Batches: after Close, once everything accepted was handed over. So
// whoever creates a Batcher must close it and receive from Batches to the end.
type Batcher[T any] struct {
	queue   *queue[T]
	flight  *flight
	batches chan *Batch[T] // closed by the gatherer
	peek    chan struct{}  // likewise
}

// New starts a Batcher.
func New[T any](cfg Config) *Batcher[T] {
	cfg = cfg.withDefaults()
	b := &Batcher[T]{
		queue:   newQueue[T](cfg.QueueItems, cfg.QueueBytes),
		flight:  newFlight(),
		batches: make(chan *Batch[T]),
		peek:    make(chan struct{}),
	}
	go newGatherer(cfg, b.queue, b.flight, b.batches, b.peek).run()
	return b
}

// Submit accepts item, which counts for size bytes, and waits for room if there
// is none, first come, first served. When it returns nil the item will come out
// of Batches exactly once; otherwise never. The items of one goroutine come out
// in the order of its calls.
//
// The error is ErrClosed, ErrTooLarge, or the cause of the end of ctx, which bounds the wait for
// room and has no effect afterwards. Submit panics if size is negative. It
// allocates only when it has to wait.
func (b *Batcher[T]) Submit(ctx context.Context, item T, size int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return b.queue.wait(ctx, newEntry(item, size))
}

// TrySubmit is Submit without the wait: where Submit would wait it returns
// ErrFull.
func (b *Batcher[T]) TrySubmit(item T, size int) error {
	return b.queue.try(newEntry(item, size))
}

func newEntry[T any](item T, size int) entry[T] {
	if size < 0 {
		panic("batcher: negative size")
	}
	return entry[T]{item: item, size: size, since: time.Now()}
}

// Batches is where the batches come out, in the order of acceptance. The channel
// is unbuffered: to receive is to take the batch, and until then it grows. It
// may be received from by several goroutines; each batch needs a call of Done.
// It is closed after Close, when everything accepted was handed over.
func (b *Batcher[T]) Batches() <-chan *Batch[T] {
	return b.batches
}

// Peek can be received from when a batch is ready, as often as one likes: unlike a receive from Batches that takes nothing, and the
// batch goes on growing. It is for a consumer that has to prepare before it takes one. It is closed when Batches is.
func (b *Batcher[T]) Peek() <-chan struct{} {
	return b.peek
}

// Flush makes everything accepted before the call leave without further delay
// and returns when it is in batches that are Done. It may be called after Close
// too. If ctx ends first its cause is returned; the items leave all the same.
func (b *Batcher[T]) Flush(ctx context.Context) error {
	return b.flight.flush(ctx, b.queue.newest())
}

// Close ends admission, also for those who wait for room, and makes everything
// accepted leave without further delay. It does not wait for it: the end is told
// by the closing of Batches. Further calls do nothing.
func (b *Batcher[T]) Close() {
	b.queue.close()
}

// Room returns how many items, of how many bytes, the queue holds at most.
func (b *Batcher[T]) Room() (items, bytes int) {
	return cap(b.queue.items), b.queue.maxBytes
}

// Queued returns how many items, of how many bytes, are accepted and not handed
// over yet.
func (b *Batcher[T]) Queued() (items, bytes int) {
	return b.queue.used()
}

// BusySince returns since when there has been something queued without a break,
// and the zero time when there is nothing.
func (b *Batcher[T]) BusySince() time.Time {
	return b.queue.busySince()
}
