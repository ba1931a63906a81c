package batcher_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/groupcommit/groupcommit/batcher"
)

// narrow has room for two items of ten bytes in all.
var narrow = batcher.Config{QueueItems: 2, QueueBytes: 10}

func TestTrySubmitFull(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		if err := f.TrySubmit(3, 0); !errors.Is(err, batcher.ErrFull) {
			t.Errorf("third item: %v, want ErrFull", err)
		}
		f.expectQueued(2, 2)
		f.expect(batcher.Full, 0, 1, 2).Done() // room comes back with the hand-over
		f.expectQueued(0, 0)

		f.submitSized(4, 6)
		if err := f.TrySubmit(5, 5); !errors.Is(err, batcher.ErrFull) {
			t.Errorf("eleventh byte: %v, want ErrFull", err)
		}
		f.submitSized(6, 4)
		f.expect(batcher.Full, 0, 4, 6)
	})
}

func TestRoomComesBackBeforeDone(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		f.expect(batcher.Full, 0, 1, 2)
		f.submit(3, 4)
	})
}

func TestTooLarge(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		if err := f.Submit(t.Context(), 1, 11); !errors.Is(err, batcher.ErrTooLarge) {
			t.Errorf("Submit: %v", err)
		}
		if err := f.TrySubmit(1, 11); !errors.Is(err, batcher.ErrTooLarge) {
			t.Errorf("TrySubmit: %v", err)
		}
		f.expectNothing()
		f.submitSized(2, 10)
	})
}

// Four wait for room: they are served in the order of their calls, the second of
// them, a large one, is not overtaken by the small one behind it, and nobody who
// comes now is quicker.
func TestWaitersAreServedInOrder(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submitSized(1, 6)
		f.submitSized(2, 4)
		third := f.submitLater(3, 5)
		fourth := f.submitLater(4, 8)
		fifth := f.submitLater(5, 1)
		sixth := f.submitLater(6, 1)

		f.expect(batcher.Full, 0, 1, 2).Done()
		f.expectAnswer(third, nil)
		f.expectPending(fourth) // 5 bytes and a slot are free, it needs 8
		f.expectPending(fifth)
		f.expectQueued(1, 5)
		if err := f.TrySubmit(7, 0); !errors.Is(err, batcher.ErrFull) {
			t.Errorf("newcomer: %v, want ErrFull", err)
		}

		f.expect(batcher.Eager, 0, 3).Done()
		f.expectAnswer(fourth, nil)
		f.expectAnswer(fifth, nil)
		f.expectPending(sixth) // no slot
		f.expect(batcher.Full, 0, 4, 5).Done()
		f.expectAnswer(sixth, nil)
		f.expect(batcher.Eager, 0, 6).Done()
	})
}

// Many waiters are let in by one hand-over: their items keep the order of the line.
func TestOrderOfManyWaiters(t *testing.T) {
	inBubble(t, batcher.Config{QueueItems: 50}, func(t *testing.T, f *fixture) {
		var want []int
		for i := range 50 {
			f.submit(i)
		}
		for i := range 50 {
			f.submitLater(100+i, 1)
			want = append(want, 100+i)
		}
		f.take().Done()
		f.expect(batcher.Full, 0, want...).Done()
	})
}

func TestContextEndsWhileWaitingForRoom(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submitSized(1, 5)
		ctx, cancel := context.WithTimeout(t.Context(), 3*ms)
		defer cancel()
		if err := f.Submit(ctx, 2, 6); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Submit: %v, want the deadline", err)
		}
		f.expectTime(3 * ms)
		f.expectQueued(1, 5)
		f.submitSized(3, 5) // the line is empty again
		f.expect(batcher.Full, 3*ms, 1, 3)
	})
}

// A large item keeps out a small one that would fit. When it gives up, the small
// one is let in at once, without anything being handed over.
func TestGivingUpServesTheLine(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		f.submitSized(1, 5)
		ctx, cancel := context.WithCancel(t.Context())
		large := make(chan error, 1)
		go func() { large <- f.Submit(ctx, 2, 6) }()
		synctest.Wait()
		small := f.submitLater(3, 1)
		f.expectPending(small)
		cancel()
		f.expectAnswer(large, context.Canceled)
		f.expectAnswer(small, nil)
		f.expect(batcher.Full, 0, 1, 3)
	})
}

func TestContextEndedBefore(t *testing.T) {
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.Submit(ctx, 1, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("Submit: %v", err)
		}
		f.expectQueued(0, 0)
	})
}

func TestContextHasNoEffectAfterAcceptance(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		if err := f.Submit(ctx, 1, 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		f.expect(batcher.Linger, 10*ms, 1)
	})
}

func TestNegativeArgumentsPanic(t *testing.T) {
	mustPanic := func(what string, call func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", what)
			}
		}()
		call()
	}
	mustPanic("QueueItems", func() { batcher.New[int](batcher.Config{QueueItems: -1}) })
	inBubble(t, narrow, func(t *testing.T, f *fixture) {
		mustPanic("Submit", func() { _ = f.Submit(t.Context(), 1, -1) })
		mustPanic("TrySubmit", func() { _ = f.TrySubmit(1, -1) })
		f.expectQueued(0, 0)
	})
}

// After the hand-over the Batcher holds no reference to an item, not even to one
// that did not fit and was held back for the next batch.
func TestHandedItemsAreNotRetained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := batcher.New[*[64]byte](batcher.Config{MaxBytes: 10, NoEager: true})
		var refs []weak.Pointer[[64]byte]
		for _, size := range []int{8, 10} {
			item := new([64]byte)
			refs = append(refs, weak.Make(item))
			if err := b.Submit(t.Context(), item, size); err != nil {
				t.Fatal(err)
			}
		}
		for range refs {
			(<-b.Batches()).Done()
		}
		synctest.Wait()
		runtime.GC()
		for i, ref := range refs {
			if ref.Value() != nil {
				t.Errorf("item %d is still held", i)
			}
		}
		b.Close()
	})
}
