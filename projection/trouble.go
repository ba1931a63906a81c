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
	singlyTo int64                  // up to here events are taken one by one, to find those at fault
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

// judge says what becomes of a task when something has failed: it is tried again, or it is the end, or the events of the batch are taken one by
// one, and the one that fails alone is parked.
func (h *holder) judge(err error) {
	h.trouble.at = h.at
	if hopeless(err) {
		h.stop(0, err)
		return
	}
	f, ok := errors.AsType[*failure](err)
	if !ok || f.fault() == ofNobody {
		return
	}
	h.trouble.failures[f.what]++
	h.trouble.last = f.error
	attempts := h.trouble.failures[f.what]
	enough := attempts >= h.options.Attempts
	parks := h.options.OnFailure == Park && f.what == applying && f.fault() == ofEvents
	switch {
	case parks && len(f.batch.Events) == 1 && (enough || f.batch.Last.Position <= h.trouble.singlyTo):
		h.doom(f.batch.Events[0].Position)
	case !enough:
	case parks && len(f.batch.Events) > 1:
		h.trouble.singlyTo = f.batch.Last.Position
		h.trouble.failures[applying] = 0
	default:
		h.stop(attempts, f.error)
	}
}

func (h *holder) doom(position int64) {
	if h.trouble.inARow == maxInARow {
		h.stop(h.trouble.failures[applying], fmt.Errorf("the last %d events have failed, too, so it is not about them: %w", maxInARow, h.trouble.last))
		return
	}
	h.trouble.doomed = position
}

// stop lets the task end as soon as it has a session to say so.
func (h *holder) stop(attempts int, err error) {
	h.trouble.stopped = &StoppedError{Name: h.name, Version: h.version, After: h.pending.Position, Attempts: attempts, Err: err}
}
