package reading

import (
	"context"
	"sync"

	"github.com/groupcommit/groupcommit/command"
)

// tail shares among the subscriptions of a reader what they read: those that keep up, with the same PageSize, are all at the
// same place, and read it once. It keeps the newest pages for those that are a little slower.
type tail struct {
	mu    sync.Mutex // guards all below
	steps map[place]*sharedStep
	kept  []place // that have events, oldest first
	bytes int     // of these
}

// place is where a page begins, and how many events it has at most, and may have at any place. The commit is part of it: whoever comes to a position
// in another way, in a log that has lost commits since, is at another place.
type place struct {
	at       command.Checkpoint
	events   int
	pageSize int
}

// sharedStep is a step that one subscription takes and others may wait for. It is not written to when done is closed.
type sharedStep struct {
	done chan struct{}
	step
	err error
}

// tailBytes is how much is kept, about.
const tailBytes = 4 << 20

func newTail() *tail { return &tail{steps: make(map[place]*sharedStep)} }

// step takes a step that sees the log as it is after so many rings, unless it finds events anyway.
func (t *tail) step(ctx context.Context, from place, rings uint64, read func() (step, error)) (step, error) {
	for {
		shared, first := t.join(from)
		if first {
			shared.step, shared.err = read()
			t.publish(from, shared)
			return shared.step, shared.err
		}
		select {
		case <-shared.done:
		case <-ctx.Done():
			return step{}, context.Cause(ctx)
		}
		if shared.err == nil && (len(shared.events) > 0 || shared.rings >= rings) {
			return shared.step, nil
		}
	}
}

// join finds the step that somebody takes, or has taken, from a place. Who is the first takes it, and publishes it.
func (t *tail) join(from place) (shared *sharedStep, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if shared = t.steps[from]; shared == nil {
		shared, first = &sharedStep{done: make(chan struct{})}, true
		t.steps[from] = shared
	}
	return shared, first
}

// publish hands a step to those that wait for it. One that has led on is kept, as long as there is room, unless it was forgotten before.
func (t *tail) publish(from place, shared *sharedStep) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(shared.done)
	if t.steps[from] != shared {
		return
	}
	if shared.err != nil || len(shared.events) == 0 {
		delete(t.steps, from)
		return
	}
	t.kept = append(t.kept, from)
	t.bytes += memory(shared.events)
	for t.bytes > tailBytes {
		t.drop()
	}
}

func (t *tail) drop() {
	oldest := t.kept[0]
	t.kept = t.kept[1:]
	t.bytes -= memory(t.steps[oldest].events)
	delete(t.steps, oldest)
}

// forget drops all that is kept, and nobody joins a step that is under way: it may have read what is lost.
func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.steps)
	t.kept, t.bytes = nil, 0
}
