package verify

import (
	"fmt"
	"time"
)

// Event is an event, as far as it is judged.
type Event struct {
	Position int64
	Stream   string
	Version  int64
	Before   int64 // version of the event before it in its stream, by position; 0 for none
	At       time.Time
}

// strays are events in no commit, with no commit between them.
type strays struct{ first, last, count int64 }

// mistimed are the events of a commit that do not carry its time.
type mistimed struct {
	first Event
	count int64
}

// Event takes the next event.
func (w *Walk) Event(e Event) {
	w.report.Events++
	if e.Before == 0 {
		w.report.Streams++
	}
	if e.Version != e.Before+1 {
		w.wrongEvent(VersionOrder, &e, "follows "+before(e.Before))
	}
	if e.Position < 1 {
		w.wrongEvent(StrayEvents, &e, "stands before position 1")
		return
	}
	w.checkPlace(&e)
	if w.covers(e.Position) && !e.At.Equal(w.commit.At) {
		w.mistime(&e)
	}
	w.pass(&e)
}

// wrongEvent tells what is wrong with an event.
func (w *Walk) wrongEvent(damage Damage, e *Event, what string) {
	w.report.add(Finding{
		Damage: damage, Position: e.Position, Stream: e.Stream, Commit: w.owner(e.Position),
		Detail: fmt.Sprintf("version %d of stream %q %s", e.Version, e.Stream, what),
	})
}

func before(version int64) string {
	if version == 0 {
		return "no other"
	}
	return fmt.Sprintf("version %d", version)
}

func (w *Walk) checkPlace(e *Event) {
	if e.Position == w.position {
		w.wrongEvent(DuplicateEvents, e, "stands where another event stands")
	} else {
		w.expect(e.Position - 1)
		w.position = e.Position
	}
	if e.Position > w.reach {
		w.stray(e.Position)
	}
}

func (w *Walk) stray(position int64) {
	if w.strays.count == 0 {
		w.strays.first = position
	}
	w.strays.last = position
	w.strays.count++
}

// endStrays tells of the events in no commit.
func (w *Walk) endStrays() {
	if s := w.strays; s.count > 0 {
		w.report.add(Finding{
			Damage: StrayEvents, Position: s.first, Detail: fmt.Sprintf("%s at %s in no commit", events(s.count), positions(s.first, s.last)),
		})
	}
	w.strays = strays{}
}

func (w *Walk) mistime(e *Event) {
	if w.mistimed.count == 0 {
		w.mistimed.first = *e
	}
	w.mistimed.count++
}

func events(n int64) string {
	if n == 1 {
		return "an event"
	}
	return fmt.Sprintf("%d events", n)
}
