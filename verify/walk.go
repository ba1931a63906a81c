package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Walk judges a log that is led past it, and keeps none of it. Everything comes in the order of its place: that is the position of an event,
// the first one of a command, and the one that a commit follows. At one place commands come first, then events, then commits. It belongs to
// one goroutine, and the zero Walk is ready.
type Walk struct {
	report Report

	begun    bool     // there was a commit
	commit   Commit   // the last one
	reach    int64    // positions up to here are in commits
	mistimed mistimed // in commit

	position int64 // of the last event
	strays   strays

	taken   int64 // positions up to here are those of commands with an ID
	passing passing
}

// End returns the report, after everything was led past.
func (w *Walk) End() Report {
	w.endRecord()
	w.endCommit()
	w.endStrays()
	w.expect(w.reach)
	w.report.End = w.reach
	if !w.begun {
		w.report.add(Finding{Damage: MissingCommits, Detail: "there is no commit, not even the one that every log begins with"})
	}
	slices.SortStableFunc(w.report.Findings, func(a, b Finding) int { return cmp.Compare(a.Position, b.Position) })
	return w.report
}

// expect tells of the positions up to this one at which no event has come.
func (w *Walk) expect(position int64) {
	if position <= w.position {
		return
	}
	first := w.position + 1
	w.position = position
	w.report.add(Finding{
		Damage: MissingEvents, Position: first, Commit: w.owner(first), Detail: "no event stands at " + positions(first, position),
	})
}

// covers tells whether a position is in the last commit.
func (w *Walk) covers(position int64) bool {
	return w.begun && w.commit.Previous < position && position <= w.commit.Last
}

// owner is the last commit if it covers a position.
func (w *Walk) owner(position int64) uuid.UUID {
	if w.covers(position) {
		return w.commit.ID
	}
	return uuid.Nil
}

func positions(first, last int64) string {
	if first == last {
		return fmt.Sprintf("position %d", first)
	}
	return fmt.Sprintf("positions %d to %d", first, last)
}
