package batcher_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
)

const ms = time.Millisecond

// fixture is a Batcher in a bubble of fake time, with the time since its start.
type fixture struct {
	*batcher.Batcher[int]
	t     *testing.T
	start time.Time
}

// inBubble runs a test in fake time. When the test returns, the Batcher is closed
// and drained; a goroutine that it leaves behind fails the test.
func inBubble(t *testing.T, cfg batcher.Config, test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{Batcher: batcher.New[int](cfg), t: t, start: time.Now()}
		defer f.drain()
		test(t, f)
	})
}

func (f *fixture) drain() (items []int) {
	f.Close()
	for batch := range f.Batches() {
		items = append(items, batch.Items...)
		batch.Done()
	}
	return items
}

// submit submits items of one byte each, which must find room.
func (f *fixture) submit(items ...int) {
	f.t.Helper()
	for _, item := range items {
		f.submitSized(item, 1)
	}
}

func (f *fixture) submitSized(item, size int) {
	f.t.Helper()
	if err := f.TrySubmit(item, size); err != nil {
		f.t.Fatalf("TrySubmit(%d, %d): %v", item, size, err)
	}
}

// submitLater submits in a goroutine, which takes its place in line before
// submitLater returns, and returns where the answer will be.
func (f *fixture) submitLater(item, size int) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- f.Submit(f.t.Context(), item, size) }()
	synctest.Wait()
	return answer
}

// take waits for the next batch, and until its room is given back.
func (f *fixture) take() *batcher.Batch[int] {
	f.t.Helper()
	batch, ok := <-f.Batches()
	if !ok {
		f.t.Fatal("Batches is closed")
	}
	synctest.Wait()
	return batch
}

// expect waits for the next batch, which must come for this reason, at this time
// since the start, with these items.
func (f *fixture) expect(reason batcher.Reason, at time.Duration, items ...int) *batcher.Batch[int] {
	f.t.Helper()
	batch := f.take()
	if batch.Reason != reason || !slices.Equal(batch.Items, items) {
		f.t.Errorf("took %v %v, want %v %v", batch.Reason, batch.Items, reason, items)
	}
	f.expectTime(at)
	return batch
}

func (f *fixture) expectTime(at time.Duration) {
	f.t.Helper()
	if now := time.Since(f.start); now != at {
		f.t.Errorf("it is %v, want %v", now, at)
	}
}

// expectNothing checks that no batch is ready now.
func (f *fixture) expectNothing() {
	f.t.Helper()
	synctest.Wait()
	select {
	case batch, ok := <-f.Batches():
		f.t.Errorf("unexpected batch %+v (open: %v) at %v", batch, ok, time.Since(f.start))
	default:
	}
}

// expectReady checks whether a batch is ready, without taking it.
func (f *fixture) expectReady(want bool) {
	f.t.Helper()
	synctest.Wait()
	select {
	case <-f.Peek():
		if !want {
			f.t.Error("a batch is ready")
		}
	default:
		if want {
			f.t.Error("no batch is ready")
		}
	}
}

// expectEnd checks that Batches is closed.
func (f *fixture) expectEnd() {
	f.t.Helper()
	synctest.Wait()
	select {
	case batch, ok := <-f.Batches():
		if ok {
			f.t.Errorf("unexpected batch %+v, want the end", batch)
		}
	default:
		f.t.Error("Batches is open, want the end")
	}
}

func (f *fixture) expectQueued(items, bytes int) {
	f.t.Helper()
	synctest.Wait()
	if i, b := f.Queued(); i != items || b != bytes {
		f.t.Errorf("queued: %d items, %d bytes; want %d and %d", i, b, items, bytes)
	}
}

// expectPending checks that a call has not returned.
func (f *fixture) expectPending(answer <-chan error) {
	f.t.Helper()
	synctest.Wait()
	select {
	case err := <-answer:
		f.t.Errorf("the call returned %v, want it to wait", err)
	default:
	}
}

// expectAnswer checks that a call has returned by now, and with what.
func (f *fixture) expectAnswer(answer <-chan error, want error) {
	f.t.Helper()
	synctest.Wait()
	select {
	case err := <-answer:
		if !errors.Is(err, want) {
			f.t.Errorf("the call returned %v, want %v", err, want)
		}
	default:
		f.t.Errorf("the call still waits, want %v", want)
	}
}
