package batcher

import (
	"context"
	"testing"
)

// Submit may allocate only when it has to wait.
func TestAdmissionDoesNotAllocate(t *testing.T) {
	q := newQueue[*int](1_000, 1_000)
	item := new(int)
	for name, submit := range map[string]func(){
		"try":  func() { _ = q.try(newEntry(item, 1)) },
		"wait": func() { _ = q.wait(t.Context(), newEntry(item, 1)) },
	} {
		if allocs := testing.AllocsPerRun(100, submit); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
	if items, _ := q.used(); items != 202 { // each runs once more, to warm up
		t.Errorf("%d items were accepted, want 202", items)
	}
}

// The context of a waiter ends, but before it can leave the line its item is
// accepted: then it is accepted, or it would come out of a failed Submit.
func TestAcceptanceBeatsTheContext(t *testing.T) {
	q := newQueue[int](1, 10)
	if err := q.try(newEntry(1, 1)); err != nil {
		t.Fatal(err)
	}
	w := &waiter[int]{entry: newEntry(2, 1), answer: make(chan error, 1)}
	place := q.line.PushBack(w)
	<-q.items
	q.release(1, 1)
	if err := q.leave(place, context.Canceled); err != nil {
		t.Errorf("leave: %v, although the item was accepted", err)
	}
	if e := <-q.items; e.item != 2 {
		t.Errorf("accepted %d, want 2", e.item)
	}
}
