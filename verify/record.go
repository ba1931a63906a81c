package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Record is what is kept of a command with an ID.
type Record struct {
	ID          uuid.UUID
	First, Last int64   // its positions
	Versions    []int64 // of its streams, also of those that it only guarded, in its order
	At          time.Time
}

// passing is a record whose events pass. A command has its events one stream after the other.
type passing struct {
	Record
	on      bool    // there is one
	events  int64   // that have passed
	stream  string  // of the last of them
	version int64   // of the same
	left    []int64 // versions behind those that were met
	unmet   bool    // a version is not among them
}

// Record takes the next record.
func (w *Walk) Record(r Record) {
	w.endRecord()
	w.report.CommandIDs++
	if wrong := w.judge(&r); wrong != "" {
		w.wrongRecord(&r, wrong)
		return
	}
	w.taken = r.Last
	w.passing = passing{Record: r, on: true, left: r.Versions}
}

// judge says what is wrong with where a record points to. A position that is in no commit any more, or in several, is let pass.
func (w *Walk) judge(r *Record) string {
	switch {
	case r.First < 1 || r.Last < r.First:
		return "no command can have them"
	case r.First <= w.taken:
		return "another command has some of them"
	case w.begun && r.First > w.reach:
		return "no commit has them"
	case !w.covers(r.First):
		return ""
	case r.Last > w.commit.Last:
		return fmt.Sprintf("its commit ends at %d", w.commit.Last)
	case !r.At.Equal(w.commit.At):
		return fmt.Sprintf("its time is %s, and that of its commit %s", instant(r.At), instant(w.commit.At))
	}
	return ""
}

func (w *Walk) wrongRecord(r *Record, wrong string) {
	w.report.add(Finding{
		Damage: WrongCommand, Position: r.First, Commit: w.owner(r.First), Command: r.ID,
		Detail: fmt.Sprintf("command %s is kept with %s: %s", r.ID, positions(r.First, r.Last), wrong),
	})
}

// pass holds an event against the record that it belongs to, if any.
func (w *Walk) pass(e *Event) {
	p := &w.passing
	if !p.on {
		return
	}
	if e.Position > p.Last {
		w.endRecord()
		return
	}
	if p.events > 0 && e.Stream != p.stream {
		p.meet()
	}
	p.stream, p.version = e.Stream, e.Version
	p.events++
}

// meet looks for the version at which the command left a stream.
func (p *passing) meet() {
	i := slices.Index(p.left, p.version)
	p.left = p.left[i+1:]
	p.unmet = p.unmet || i < 0
}

func (w *Walk) endRecord() {
	p := &w.passing
	if !p.on {
		return
	}
	p.on = false
	if p.events <= p.Last-p.First {
		return // what is missing is told as such
	}
	if p.meet(); p.unmet {
		w.wrongRecord(&p.Record, fmt.Sprintf("the versions kept, %v, are not those of its events", p.Versions))
	}
}
