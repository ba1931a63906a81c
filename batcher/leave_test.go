package batcher_test

import (
	"errors"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
)

// lingerOnly never lets a batch leave because nothing is in flight, or with a share.
var lingerOnly = batcher.Config{MaxItems: 3, MaxBytes: 100, NoEager: true}

func TestDefaults(t *testing.T) {
	t.Run("linger of 10 ms", func(t *testing.T) {
		inBubble(t, batcher.Config{NoEager: true}, func(t *testing.T, f *fixture) {
			f.submit(1)
			f.expect(batcher.Linger, 10*ms, 1).Done()
		})
	})
	t.Run("1,000 items", func(t *testing.T) {
		inBubble(t, batcher.Config{NoEager: true}, func(t *testing.T, f *fixture) {
			for i := range 1001 {
				f.submit(i)
			}
			if batch := f.take(); len(batch.Items) != 1000 || batch.Reason != batcher.Full {
				t.Errorf("took %d items, %v", len(batch.Items), batch.Reason)
			}
		})
	})
	t.Run("8 MiB", func(t *testing.T) {
		inBubble(t, batcher.Config{NoEager: true}, func(t *testing.T, f *fixture) {
			f.submitSized(1, 8<<20-1)
			f.expectNothing()
			f.submitSized(2, 1)
			f.expect(batcher.Bytes, 0, 1, 2)
		})
	})
	t.Run("room for 16,384 items", func(t *testing.T) {
		inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
			for i := range 16_384 {
				f.submit(i)
			}
			if err := f.TrySubmit(0, 0); !errors.Is(err, batcher.ErrFull) {
				t.Errorf("one more: %v", err)
			}
		})
	})
	t.Run("room for 64 MiB", func(t *testing.T) {
		inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
			f.submitSized(1, 64<<20)
			if err := f.TrySubmit(0, 1); !errors.Is(err, batcher.ErrFull) {
				t.Errorf("one more: %v", err)
			}
		})
	})
}

func TestFull(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		f.expectNothing()
		f.submit(3, 4)
		f.expect(batcher.Full, 0, 1, 2, 3).Done()
		f.expect(batcher.Linger, 10*ms, 4).Done()
	})
}

func TestBytes(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submitSized(1, 60)
		f.expectNothing()
		f.submitSized(2, 41) // one byte too many: closes the batch and begins the next
		first := f.expect(batcher.Bytes, 0, 1)
		f.expectNothing()
		f.submitSized(3, 59) // exactly full
		second := f.expect(batcher.Bytes, 0, 2, 3)
		if first.Bytes != 60 || second.Bytes != 100 {
			t.Errorf("batches of %d and %d bytes, want 60 and 100", first.Bytes, second.Bytes)
		}
	})
}

func TestItemLargerThanABatch(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submitSized(1, 10)
		f.submitSized(2, 500)
		f.submitSized(3, 10)
		f.expect(batcher.Bytes, 0, 1).Done()
		f.expect(batcher.Bytes, 0, 2).Done()
		f.expect(batcher.Linger, 10*ms, 3).Done()
	})
}

func TestItemsOfNoSize(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submitSized(1, 100)
		f.submitSized(2, 0) // the batch is closed; even nothing does not get in
		f.expect(batcher.Bytes, 0, 1)
		f.expect(batcher.Linger, 10*ms, 2)
	})
}

func TestLingerCountsFromTheFirstItem(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		time.Sleep(5 * ms)
		f.submit(1)
		time.Sleep(7 * ms)
		f.submit(2)
		batch := f.expect(batcher.Linger, 15*ms, 1, 2)
		if since := batch.Since.Sub(f.start); since != 5*ms {
			t.Errorf("Since is %v, want that of the first item, 5ms", since)
		}

		f.submit(3) // the timer starts anew
		f.expect(batcher.Linger, 25*ms, 3)
	})
}

// What an item waited behind a batch that nobody took counts.
func TestLingerCountsTheTimeInTheQueue(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1, 2, 3)
		time.Sleep(4 * ms)
		f.submit(4)
		time.Sleep(4 * ms)
		f.expect(batcher.Full, 8*ms, 1, 2, 3)
		f.expect(batcher.Linger, 14*ms, 4)

		f.submit(5, 6, 7, 8)
		time.Sleep(20 * ms)
		f.expect(batcher.Full, 34*ms, 5, 6, 7)
		f.expect(batcher.Linger, 34*ms, 8)
	})
}

func TestLingerCountsTheWaitForRoom(t *testing.T) {
	inBubble(t, batcher.Config{QueueItems: 1, NoEager: true, Linger: 50 * ms}, func(t *testing.T, f *fixture) {
		f.submit(1)
		waiting := f.submitLater(2, 1)
		time.Sleep(30 * ms)
		f.expect(batcher.Full, 30*ms, 1)
		f.expectAnswer(waiting, nil)
		if batch := f.take(); batch.Since != f.start {
			t.Errorf("Since is %v after the start, want the call of Submit", batch.Since.Sub(f.start))
		}
	})
}

// The timer of a batch that left early must not shorten the linger of the next.
func TestLingerOfABatchThatLeftIsForgotten(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		time.Sleep(6 * ms)
		f.submit(2, 3)
		f.expect(batcher.Full, 6*ms, 1, 2, 3)
		f.submit(4)
		f.expect(batcher.Linger, 16*ms, 4)
	})
}

func TestEagerWhenNothingIsInFlight(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.submit(1)
		f.expect(batcher.Eager, 0, 1).Done()
		time.Sleep(3 * ms)
		f.submit(2)
		f.expect(batcher.Eager, 3*ms, 2).Done()
	})
}

// With several batches in flight it is the last Done that lets the next leave,
// whichever it is.
func TestEagerAfterTheLastDone(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
			f.submit(1)
			var flying [2]*batcher.Batch[int]
			flying[0] = f.expect(batcher.Eager, 0, 1)
			f.submit(2)
			flying[1] = f.expect(batcher.Linger, 10*ms, 2)

			f.submit(3)
			time.Sleep(2 * ms)
			flying[order[0]].Done()
			f.submit(4)
			time.Sleep(2 * ms)
			f.expectNothing()
			flying[order[1]].Done()
			f.expect(batcher.Eager, 14*ms, 3, 4)
		})
	}
}

func TestLingerWithABatchInFlight(t *testing.T) {
	inBubble(t, batcher.Config{MaxItems: 2}, func(t *testing.T, f *fixture) {
		f.submit(1)
		f.expect(batcher.Eager, 0, 1)
		time.Sleep(ms)
		f.submit(2)
		f.expect(batcher.Linger, 11*ms, 2)
		f.submit(3, 4)
		f.expect(batcher.Full, 11*ms, 3, 4)
	})
}

// With two at a time, a half of what is queued and in flight is a share.
func TestShare(t *testing.T) {
	inBubble(t, batcher.Config{InFlight: 2, MinShare: 10}, func(t *testing.T, f *fixture) {
		f.submitSized(1, 10)
		first := f.expect(batcher.Eager, 0, 1)
		f.submitSized(2, 9)
		f.expectNothing()
		f.submitSized(3, 1) // two parts are worth it now
		second := f.expect(batcher.Share, 0, 2, 3)
		f.submitSized(4, 18)
		f.expectNothing()
		first.Done()
		f.expect(batcher.Share, 0, 4)
		second.Done()
		f.submitSized(5, 16)
		f.expectNothing()
		f.submitSized(6, 1)
		f.expect(batcher.Share, 0, 5, 6)
	})
}

// What is not worth two batches travels in one.
func TestShareOfWhatIsSmall(t *testing.T) {
	inBubble(t, batcher.Config{InFlight: 2}, func(t *testing.T, f *fixture) {
		f.submitSized(1, 100)
		f.expect(batcher.Eager, 0, 1)
		f.submitSized(2, 64<<10-101)
		f.expectNothing()
		f.submitSized(3, 1)
		f.expect(batcher.Share, 0, 2, 3)
	})
}

// With one at a time there is nothing to share: a batch waits for the one in flight, however large it is.
func TestNoShareWithOneAtATime(t *testing.T) {
	inBubble(t, batcher.Config{MinShare: 1}, func(t *testing.T, f *fixture) {
		f.submitSized(1, 1)
		f.expect(batcher.Eager, 0, 1)
		f.submitSized(2, 100)
		f.expectNothing()
	})
}

// A second Done of a batch must not pass for that of another.
func TestDoneTwice(t *testing.T) {
	inBubble(t, batcher.Config{}, func(t *testing.T, f *fixture) {
		f.submit(1)
		first := f.expect(batcher.Eager, 0, 1)
		f.submit(2)
		f.expect(batcher.Linger, 10*ms, 2)
		first.Done()
		first.Done()
		f.submit(3)
		f.expect(batcher.Linger, 20*ms, 3)
	})
}

func TestNoEager(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.submit(1)
		f.expect(batcher.Linger, 10*ms, 1).Done()
		f.submit(2)
		f.expect(batcher.Linger, 20*ms, 2).Done()
	})
}

func TestNoLinger(t *testing.T) {
	inBubble(t, batcher.Config{Linger: -1}, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		f.expect(batcher.Eager, 0, 1, 2)
		f.submit(3, 4)
		f.expect(batcher.Linger, 0, 3, 4) // one in flight does not matter
		f.submit(5)
		f.expect(batcher.Linger, 0, 5)
	})
}

func TestNoLingerAndNoEagerGathersNothing(t *testing.T) {
	inBubble(t, batcher.Config{Linger: -1, NoEager: true}, func(t *testing.T, f *fixture) {
		f.submit(1, 2, 3)
		for i := range 3 {
			f.expect(batcher.Full, 0, i+1)
		}
		f.expectNothing()
	})
}

// A batch that is ready goes on growing until it is taken, up to its limits.
func TestGrowthWhileTheConsumerIsBusy(t *testing.T) {
	inBubble(t, batcher.Config{MaxItems: 5}, func(t *testing.T, f *fixture) {
		f.submit(1) // ready at once
		time.Sleep(ms)
		f.submit(2)
		time.Sleep(20 * ms)
		f.submit(3)
		f.expect(batcher.Eager, 21*ms, 1, 2, 3)

		f.submit(4)
		time.Sleep(15 * ms) // ready by its linger
		f.submit(5)
		f.expect(batcher.Linger, 36*ms, 4, 5)

		f.submit(6, 7, 8, 9, 10, 11, 12)
		time.Sleep(15 * ms)
		f.expect(batcher.Full, 51*ms, 6, 7, 8, 9, 10)
		f.expect(batcher.Linger, 51*ms, 11, 12)
	})
}

func TestGrowthByBytesWhileTheConsumerIsBusy(t *testing.T) {
	inBubble(t, batcher.Config{MaxBytes: 100}, func(t *testing.T, f *fixture) {
		f.submitSized(1, 50)
		time.Sleep(ms)
		f.submitSized(2, 40)
		f.submitSized(3, 20)
		f.submitSized(4, 1) // would fit, but must not overtake
		f.expect(batcher.Bytes, ms, 1, 2)
		f.expect(batcher.Linger, 11*ms, 3, 4)
	})
}

func TestLimitsOff(t *testing.T) {
	inBubble(t, batcher.Config{MaxItems: -1, MaxBytes: -1, QueueItems: 5000, QueueBytes: -1}, func(t *testing.T, f *fixture) {
		for i := range 4999 {
			f.submitSized(i, 1<<30)
		}
		if batch := f.take(); len(batch.Items) != 4999 || batch.Reason != batcher.Eager {
			t.Errorf("took %d items, %v; want all of them", len(batch.Items), batch.Reason)
		}
	})
}

// A batch that holds all the room cannot grow, so it must not wait for more.
func TestBatchLimitsAreCutToTheQueue(t *testing.T) {
	inBubble(t, batcher.Config{QueueItems: 2, QueueBytes: 10, NoEager: true}, func(t *testing.T, f *fixture) {
		f.submit(1, 2)
		f.expect(batcher.Full, 0, 1, 2)
		f.submitSized(3, 10)
		f.expect(batcher.Bytes, 0, 3)
	})
}

func TestReasonString(t *testing.T) {
	for reason, want := range map[batcher.Reason]string{
		batcher.Full: "full", batcher.Bytes: "bytes", batcher.Close: "close", batcher.Flush: "flush",
		batcher.Share: "share", batcher.Eager: "eager", batcher.Linger: "linger", 0: "Reason(0)", 8: "Reason(8)",
	} {
		if got := reason.String(); got != want {
			t.Errorf("%d is %q, want %q", int(reason), got, want)
		}
	}
}

// To hear that a batch is ready is not to take it: it goes on growing.
func TestReady(t *testing.T) {
	inBubble(t, lingerOnly, func(t *testing.T, f *fixture) {
		f.expectReady(false)
		f.submit(1)
		f.expectReady(false)
		<-f.Peek()
		f.expectTime(10 * ms)
		f.submit(2)
		f.expectReady(true)
		f.expect(batcher.Linger, 10*ms, 1, 2).Done()
		f.expectReady(false)
		f.Close()
		if _, open := <-f.Peek(); open {
			t.Error("a batch is ready behind the last one")
		}
		f.expectEnd()
	})
}
