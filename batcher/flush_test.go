package batcher_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
)

// flushLater calls Flush in a goroutine and returns where the answer will be.
func (f *fixture) flushLater(ctx context.Context) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- f.Flush(ctx) }()
	synctest.Wait()
	return answer
}

func TestFlushWhenEmpty(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.expectAnswer(f.flushLater(t.Context()), nil)
		f.submit(1)
		f.take().Done()
		f.expectAnswer(f.flushLater(t.Context()), nil)
		f.expectTime(0)
	})
}

func TestFlushEndsTheLinger(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		time.Sleep(4 * ms)
		flushed := f.flushLater(t.Context())
		batch := f.expect(batcher.Flush, 4*ms, 1)
		f.expectPending(flushed) // taken is not Done
		time.Sleep(30 * ms)
		f.expectPending(flushed)
		batch.Done()
		f.expectAnswer(flushed, nil)
		f.expectTime(34 * ms)

		f.submit(2) // the next batch lingers again
		f.expect(batcher.Linger, 44*ms, 2)
	})
}

func TestFlushCoversAllBatchesBefore(t *testing.T) {
	for _, order := range [][3]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
			f.submit(1, 2, 3, 4, 5, 6, 7)
			flying := []*batcher.Batch[int]{f.expect(batcher.Full, 0, 1, 2, 3)}
			flushed := f.flushLater(t.Context())
			flying = append(flying, f.expect(batcher.Full, 0, 4, 5, 6), f.expect(batcher.Flush, 0, 7))
			for _, i := range order {
				f.expectPending(flushed)
				flying[i].Done()
			}
			f.expectAnswer(flushed, nil)
		})
	}
}

func TestFlushWithBatchesInFlightOnly(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.submit(1)
		batch := f.take()
		flushed := f.flushLater(t.Context())
		f.expectPending(flushed)
		batch.Done()
		f.expectAnswer(flushed, nil)
	})
}

// What was submitted after the call is not waited for, and lingers as usual when
// it did not get into a batch that leaves.
func TestFlushIgnoresWhatComesLater(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		flushed := f.flushLater(t.Context())
		f.submit(2) // rides along: the batch grows until it is taken
		first := f.expect(batcher.Flush, 0, 1, 2)
		f.submit(3)
		f.expectNothing()
		first.Done()
		f.expectAnswer(flushed, nil)
		f.expect(batcher.Linger, 10*ms, 3)
	})
}

func TestFlushesOverlap(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		early := f.flushLater(t.Context())
		first := f.take()
		f.submit(2)
		late := f.flushLater(t.Context())
		second := f.expect(batcher.Flush, 0, 2)
		first.Done()
		f.expectAnswer(early, nil)
		f.expectPending(late)
		second.Done()
		f.expectAnswer(late, nil)
	})
}

func TestFlushContextEnds(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		ctx, cancel := context.WithTimeout(t.Context(), 5*ms)
		defer cancel()
		flushed := f.flushLater(ctx)
		batch := f.expect(batcher.Flush, 0, 1)
		time.Sleep(5 * ms)
		f.expectAnswer(flushed, context.DeadlineExceeded)
		f.expectAnswer(f.flushLater(ctx), context.DeadlineExceeded)
		batch.Done()
		f.expectAnswer(f.flushLater(ctx), nil) // a known outcome counts more
	})
}

func TestFlushAfterClose(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		f.Close()
		batch := f.expect(batcher.Close, 0, 1)
		f.expectEnd()
		flushed := f.flushLater(t.Context())
		f.expectPending(flushed)
		batch.Done()
		f.expectAnswer(flushed, nil)
	})
}

func TestFlushAndCloseTogether(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1, 2, 3, 4)
		before := f.flushLater(t.Context())
		f.Close()
		after := f.flushLater(t.Context())
		first := f.expect(batcher.Full, 0, 1, 2, 3)
		second := f.expect(batcher.Close, 0, 4)
		f.expectEnd()
		first.Done()
		f.expectPending(before)
		f.expectPending(after)
		second.Done()
		f.expectAnswer(before, nil)
		f.expectAnswer(after, nil)
	})
}
