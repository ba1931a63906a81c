package batcher

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// queue admits items and keeps them in order until the gatherer receives them.
//
// An item holds room, one item and its bytes, from its acceptance until the
// batch that carries it is handed over. Whoever finds no room waits in line.
// Room that is given back goes to the head of the line and only then to the
// next: a small item never overtakes a large one, and a newcomer never overtakes
// anybody. The item of a waiter is sent by whoever gives the room back, not by
// the waiter when it wakes, so the line is also the order of the items.
//
// mu guards the fields below it and also every send on items and its closing.
// Sending under the mutex is what makes the order of acceptance one order, and
// what makes a send on a closed channel impossible. It does not hold the mutex
// up: at most cap(items) items have room, so there is always a free slot. Only
// the gatherer receives.
type queue[T any] struct {
	items    chan entry[T]
	maxBytes int

	mu        sync.Mutex
	freeItems int
	freeBytes int
	accepted  uint64    // items accepted so far: the sequence number of the newest
	busy      time.Time // when the first item came of those since the queue was last empty
	line      list.List // of *waiter[T], who came first in front
	closed    bool
}

type entry[T any] struct {
	item  T
	size  int
	since time.Time // when Submit was called
}

// A waiter stands in line. It gets one answer, under mu: nil when its item is
// accepted, or why it never will be.
type waiter[T any] struct {
	entry  entry[T]
	answer chan error // buffered: whoever answers does not wait
}

func newQueue[T any](maxItems, maxBytes int) *queue[T] {
	return &queue[T]{
		items:     make(chan entry[T], maxItems),
		maxBytes:  maxBytes,
		freeItems: maxItems,
		freeBytes: maxBytes,
	}
}

// try accepts e if there is room for it now.
func (q *queue[T]) try(e entry[T]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.admit(e)
}

// wait accepts e as soon as it is its turn and there is room for it.
func (q *queue[T]) wait(ctx context.Context, e entry[T]) error {
	q.mu.Lock()
	err := q.admit(e)
	if !errors.Is(err, ErrFull) {
		q.mu.Unlock()
		return err
	}
	w := &waiter[T]{entry: e, answer: make(chan error, 1)}
	place := q.line.PushBack(w)
	q.mu.Unlock()

	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
		return q.leave(place, context.Cause(ctx))
	}
}

// leave gives up a place in line. An answer that was quicker than the end of the
// context stands: the item may already be in a batch.
func (q *queue[T]) leave(place *list.Element, cause error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case err := <-place.Value.(*waiter[T]).answer:
		return err
	default:
	}
	q.line.Remove(place)
	q.serve() // a large item in front may have kept out smaller ones behind it
	return cause
}

// release gives back the room of a batch that was handed over.
func (q *queue[T]) release(items, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.freeItems += items
	q.freeBytes += bytes
	q.serve()
}

// close ends admission: who stands in line is refused, and the gatherer finds
// the end of items after the last one accepted.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	for place := q.line.Front(); place != nil; place = place.Next() {
		place.Value.(*waiter[T]).answer <- ErrClosed
	}
	q.line.Init()
	close(q.items)
}

// newest returns the sequence number of the item accepted last.
func (q *queue[T]) newest() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.accepted
}

// used returns how much room is taken.
func (q *queue[T]) used() (items, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return cap(q.items) - q.freeItems, q.maxBytes - q.freeBytes
}

// busySince returns since when some room has been taken, zero when none is.
func (q *queue[T]) busySince() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.freeItems == cap(q.items) {
		return time.Time{}
	}
	return q.busy
}

// admit accepts e or says why not now. The caller holds mu, here and below.
func (q *queue[T]) admit(e entry[T]) error {
	switch {
	case q.closed:
		return ErrClosed
	case e.size > q.maxBytes:
		return ErrTooLarge
	case q.line.Len() > 0 || !q.fits(e):
		return ErrFull
	}
	q.accept(e)
	return nil
}

// serve accepts from the line what there is room for, from the front.
func (q *queue[T]) serve() {
	for place := q.line.Front(); place != nil; place = q.line.Front() {
		w := place.Value.(*waiter[T])
		if !q.fits(w.entry) {
			return
		}
		q.line.Remove(place)
		q.accept(w.entry)
		w.answer <- nil
	}
}

func (q *queue[T]) fits(e entry[T]) bool {
	return q.freeItems > 0 && q.freeBytes >= e.size
}

func (q *queue[T]) accept(e entry[T]) {
	if q.freeItems == cap(q.items) {
		q.busy = e.since
	}
	q.freeItems--
	q.freeBytes -= e.size
	q.accepted++
	q.items <- e
}
