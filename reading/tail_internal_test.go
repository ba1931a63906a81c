package reading

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// looks is a log that answers when it is told to.
type looks struct {
	begun   int
	answers chan answer
}

type answer struct {
	step step
	err  error
}

func (l *looks) read() (step, error) {
	l.begun++
	a := <-l.answers
	return a.step, a.err
}

func found(rings uint64, events int) answer {
	return answer{step: step{events: make([]command.RecordedEvent, events), rings: rings}}
}

// take has n subscriptions take a step from one place after so many rings, and counts those that got one, and those that got an error.
func take(t *testing.T, tail *tail, from place, rings uint64, n int, l *looks) (taken, failed *int) {
	taken, failed = new(int), new(int)
	results := make(chan error)
	for range n {
		go func() {
			_, err := tail.step(t.Context(), from, rings, l.read)
			results <- err
		}()
	}
	go func() {
		for range n {
			if err := <-results; err != nil {
				*failed++
			} else {
				*taken++
			}
		}
	}()
	synctest.Wait()
	return taken, failed
}

func somewhere() place {
	return place{at: command.Checkpoint{Position: 7, CommitID: uuid.New()}, events: 10, pageSize: 10}
}

func TestStepsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail, l := newTail(), &looks{answers: make(chan answer)}
		from := somewhere()
		taken, _ := take(t, tail, from, 1, 10, l)
		l.answers <- found(1, 3)
		synctest.Wait()
		if l.begun != 1 || *taken != 10 {
			t.Errorf("%d looks for %d steps, want 1 for 10", l.begun, *taken)
		}
		if late, _ := take(t, tail, from, 5, 1, l); l.begun != 1 || *late != 1 {
			t.Error("one that came later has looked again")
		}
		tail.forget()
		after, _ := take(t, tail, from, 5, 1, l)
		if l.begun != 2 || *after != 0 {
			t.Error("what was forgotten is still there")
		}
		l.answers <- found(5, 1)
	})
}

// Who was woken by a ring is not told by a look from before that there is nothing.
func TestOldLookSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail, l := newTail(), &looks{answers: make(chan answer)}
		from := somewhere()
		early, _ := take(t, tail, from, 0, 1, l)
		late, _ := take(t, tail, from, 1, 3, l)
		l.answers <- found(0, 0)
		synctest.Wait()
		if *early != 1 || *late != 0 || l.begun != 2 {
			t.Errorf("%d and %d took the step, after %d looks", *early, *late, l.begun)
		}
		l.answers <- found(1, 0)
		synctest.Wait()
		if *late != 3 || l.begun != 2 {
			t.Errorf("%d of 3 took the second step, after %d looks", *late, l.begun)
		}
	})
}

// A step that is under way when all is forgotten may find what is lost: nobody joins it from then on, and it is not kept.
func TestStepUnderWayIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail, from := newTail(), somewhere()
		before, after := &looks{answers: make(chan answer)}, &looks{answers: make(chan answer)}
		early, _ := take(t, tail, from, 0, 2, before)
		tail.forget()
		late, _ := take(t, tail, from, 0, 1, after)
		before.answers <- found(0, 3)
		synctest.Wait()
		joined, _ := take(t, tail, from, 0, 1, after)
		if before.begun != 1 || *early != 2 || after.begun != 1 || *late != 0 || *joined != 0 {
			t.Errorf("%d looks for %d, then %d looks for %d and %d; want 1 for 2, and 1 under way", before.begun, *early, after.begun, *late, *joined)
		}
		after.answers <- found(0, 1)
		synctest.Wait()
		if *late != 1 || *joined != 1 || len(tail.kept) != 1 || len(tail.steps) != 1 {
			t.Errorf("%d and %d took the second step; %d pages are kept", *late, *joined, len(tail.kept))
		}
	})
}

func TestFailedLookIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail, l := newTail(), &looks{answers: make(chan answer)}
		taken, failed := take(t, tail, somewhere(), 0, 2, l)
		l.answers <- answer{err: errors.New("the consumer has left")}
		synctest.Wait()
		l.answers <- found(0, 1)
		synctest.Wait()
		if *taken != 1 || *failed != 1 {
			t.Errorf("%d took the step and %d failed, want one each", *taken, *failed)
		}
	})
}

func TestTailIsBounded(t *testing.T) {
	tail := newTail()
	page := []command.RecordedEvent{{Data: make([]byte, tailBytes/3)}}
	for range 100 {
		if _, err := tail.step(t.Context(), somewhere(), 0, func() (step, error) { return step{events: page}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if tail.bytes > tailBytes || len(tail.kept) != 2 || len(tail.steps) != 2 {
		t.Errorf("%d bytes in %d pages are kept", tail.bytes, len(tail.steps))
	}
	tail.forget()
	if tail.bytes != 0 || len(tail.steps) != 0 {
		t.Errorf("%d bytes in %d pages are not forgotten", tail.bytes, len(tail.steps))
	}
}

// Who takes a step that another one has taken goes on with windows of its own.
func TestWindowsAreNotShared(t *testing.T) {
	tail, from := newTail(), somewhere()
	others := step{events: make([]command.RecordedEvent, 1), pace: pace{events: 20, window: minWindow}}
	if _, err := tail.step(t.Context(), from, 0, func() (step, error) { return others, nil }); err != nil {
		t.Fatal(err)
	}
	s := subscription{
		reader: &Reader{tail: tail}, at: from.at, end: from.at.Position, pace: pace{events: from.events, window: maxWindow},
		query: query{Selection: Selection{Types: []string{"T"}}, pageSize: from.pageSize},
	}
	next, err := s.step(t.Context(), 0)
	if want := (pace{events: 20, window: maxWindow}); err != nil || next.pace != want {
		t.Errorf("goes on with %+v, %v; want %+v", next.pace, err, want)
	}
}
