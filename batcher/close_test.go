package batcher_test

import (
	"errors"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
)

func TestCloseWhenIdle(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.Close()
		f.expectEnd()
		f.Close()
		if err := f.Submit(t.Context(), 1, 1); !errors.Is(err, batcher.ErrClosed) {
			t.Errorf("Submit: %v", err)
		}
		if err := f.TrySubmit(1, 1); !errors.Is(err, batcher.ErrClosed) {
			t.Errorf("TrySubmit: %v", err)
		}
	})
}

func TestCloseEndsTheLinger(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		time.Sleep(2 * ms)
		f.Close()
		f.expect(batcher.Close, 2*ms, 1)
		f.expectEnd()
	})
}

func TestCloseWithABatchInFlight(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.submit(1)
		first := f.expect(batcher.Eager, 0, 1)
		f.submit(2)
		f.Close()
		f.expect(batcher.Close, 0, 2).Done() // does not wait for the first to be Done
		f.expectEnd()
		first.Done()
	})
}

// A batch is full and one item is held back, two more are queued: all of it
// still comes out, in order and within the limits.
func TestCloseHandsOverAllThatWasAccepted(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submitSized(1, 60)
		f.submitSized(2, 60)
		f.submitSized(3, 60)
		f.submitSized(4, 1)
		f.Close()
		time.Sleep(50 * ms)
		f.expect(batcher.Bytes, 50*ms, 1)
		f.expect(batcher.Bytes, 50*ms, 2)
		f.expect(batcher.Close, 50*ms, 3, 4)
		f.expectEnd()
	})
}

func TestCloseRefusesWhoWaitsForRoom(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		third, fourth := f.submitLater(3, 1), f.submitLater(4, 1)
		f.Close()
		f.expectAnswer(third, batcher.ErrClosed)
		f.expectAnswer(fourth, batcher.ErrClosed)
		f.expect(batcher.Full, 0, 1, 2)
		f.expectEnd()
	})
}

func TestQueuedFallsToNothing(t *testing.T) {
	inBubble(t, batcher.Config{MaxItems: 2}, func(t *testing.T, f *fixture) {
		for i := range 7 {
			f.submitSized(i, 10)
		}
		f.expectQueued(7, 70)
		f.take()
		f.expectQueued(5, 50)
		f.Close()
		f.expectQueued(5, 50)
		if rest := f.drain(); len(rest) != 5 {
			t.Errorf("drained %v, want five items", rest)
		}
		f.expectQueued(0, 0)
	})
}
