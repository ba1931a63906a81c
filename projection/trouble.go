package projection

import (
	"errors"
	"fmt"

	"github.com/groupcommit/groupcommit"
)

// undertaking is what may fail of a task. Each has attempts of its own.
type undertaking int

const (
	reading undertaking = iota
	applying
	refreshing
	swapping
	undertakings // how many there are
)

// failure is the error of an undertaking.
type failure struct {
	error
	what  undertaking
	batch groupcommit.Batch // that was to be applied
}

func (f *failure) Unwrap() error { return f.error }

// fault is not asked about reading: an outage is waited for there, and what is told has no other end.
func (f *failure) fault() fault {
	if f.what == reading {
		return ofProgram
	}
	return faultOf(f.error)
}

// trouble is what a task remembers of its failures, over sessions: what takes too long loses its session each time.
type trouble struct {
	at       groupcommit.Checkpoint // behind which it is
	failures [undertakings]int      // of each, since it last succeeded
	last     error                  // that counted
	parts    parts                  // of a batch that has failed, to find the events at fault
	doomed   int64                  // position of the event that is to be parked; 0: none
	inARow   int                    // events parked, with none that took effect in between
	stopped  *StoppedError          // what the task is to end with
}

// maxInARow events may be parked one after another. Where all fail, it is not about them.
const maxInARow = 20

// tried makes a failure of the error of an undertaking, or notes that it has succeeded.
func (h *holder) tried(what undertaking, b groupcommit.Batch, err error) error {
	if err != nil {
		return &failure{err, what, b}
	}
	h.trouble.failures[what] = 0
	return nil
}

// judge says what becomes of a task when something has failed: it is tried again, or it is the end, or events are sifted. It tells whether to let a
// while pass before.
func (h *holder) judge(err error) (waits bool) {
	h.trouble.at = h.at
	if hopeless(err) {
		h.stop(0, err)
		return false
	}
	f, ok := errors.AsType[*failure](err)
	if !ok || f.fault() == ofNobody {
		return true
	}
	h.trouble.failures[f.what]++
	h.trouble.last = f.error
	attempts := h.trouble.failures[f.what]
	enough := attempts >= h.options.Attempts
	parks := h.options.OnFailure == Park && f.what == applying && f.fault() == ofEvents
	alone := len(f.batch.Events) == 1
	switch {
	case parks && (enough || len(h.trouble.parts) > 0 && !(alone && h.conn.IsClosed())): // which may be the fault of the network
		h.sift(f.batch.Events)
	case enough:
		h.stop(attempts, f.error)
	default:
		return true
	}
	return false
}

// sift has the halves of what has failed tried, one after the other, and an event that has failed alone parked.
func (h *holder) sift(events []groupcommit.RecordedEvent) {
	h.trouble.parts = h.trouble.parts.halve(len(events))
	switch {
	case len(events) > 1:
		h.trouble.failures[applying] = 0
	case h.trouble.inARow < maxInARow:
		h.trouble.doomed = events[0].Position
	default:
		h.stop(0, fmt.Errorf("the last %d events have failed, too, so it is not about them: %w", maxInARow, h.trouble.last))
	}
}

// stop lets the task end as soon as it has a session to say so.
func (h *holder) stop(attempts int, err error) {
	h.trouble.stopped = &StoppedError{Name: h.name, Version: h.version, After: h.pending.Position, Attempts: attempts, Err: err}
}
