package verify

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Commit is a commit, as far as it is judged. It covers the positions Previous+1 to Last.
type Commit struct {
	ID             uuid.UUID
	Previous, Last int64
	Parent         uuid.UUID // zero where it names none
	ParentFound    bool      // a commit of that ID ends at Previous
	Commands       int64
	At             time.Time
}

// Commit takes the next commit.
func (w *Walk) Commit(c Commit) {
	if p := &w.passing; p.on && p.Last > c.Previous {
		w.wrongRecord(&p.Record, fmt.Sprintf("a commit follows position %d", c.Previous))
	}
	w.endRecord()
	w.endCommit()
	w.expect(c.Previous)
	if w.begun {
		w.follow(&c)
	} else {
		w.begin(&c)
	}
	w.endStrays()
	w.checkSize(&c)
	if !c.isRoot() {
		w.count(&c)
	}
	w.begun, w.commit, w.reach = true, c, max(w.reach, c.Last)
}

// isRoot tells of the commit that every log begins with. It has no events.
func (c *Commit) isRoot() bool { return c.Previous < 0 }

func (w *Walk) count(c *Commit) {
	if w.report.Commits == 0 {
		w.report.FirstAt = c.At
	}
	w.report.LastAt = c.At
	w.report.Commits++
	w.report.Commands += c.Commands
}

// wrongCommit tells what is wrong with a commit.
func (w *Walk) wrongCommit(damage Damage, c *Commit, format string, args ...any) {
	w.report.add(Finding{
		Damage: damage, Position: c.Previous + 1, Commit: c.ID, Detail: fmt.Sprintf("commit %s %s", c.ID, fmt.Sprintf(format, args...)),
	})
}

// begin judges the oldest commit. Without a parent it is the first one of the log, or those before it were pruned.
func (w *Walk) begin(c *Commit) {
	if c.Parent != uuid.Nil {
		w.wrongCommit(MissingCommits, c, "is the oldest, and yet it follows another one, %s", c.Parent)
		return
	}
	w.strays = strays{} // pruned from under the events
	if c.isRoot() {
		w.report.LogID = c.ID
	}
}

func (w *Walk) follow(c *Commit) {
	switch {
	case c.Previous == w.commit.Previous:
		w.wrongCommit(Branch, c, "follows position %d, as commit %s does", c.Previous, w.commit.ID)
	case c.Previous < w.reach:
		w.wrongCommit(Branch, c, "follows position %d, and that is within another commit", c.Previous)
	case c.Previous > w.reach:
		w.report.add(Finding{Damage: MissingCommits, Position: w.reach + 1, Detail: "no commit covers " + positions(w.reach+1, c.Previous)})
	}
	switch {
	case c.Parent == uuid.Nil:
		w.wrongCommit(WrongParent, c, "names no parent, and yet it is not the oldest")
	case !c.ParentFound:
		w.wrongCommit(WrongParent, c, "names %s as its parent, and no commit of that ID ends at position %d", c.Parent, c.Previous)
	}
	if c.Previous > w.commit.Previous && !c.At.After(w.commit.At) {
		w.wrongCommit(WrongTime, c, "has the time %s, and the one before it %s", instant(c.At), instant(w.commit.At))
	}
}

// checkSize judges a commit by itself.
func (w *Walk) checkSize(c *Commit) {
	covered := c.Last - c.Previous
	switch {
	case c.isRoot() && (c.Previous != -1 || c.Last != 0):
		w.wrongCommit(WrongRange, c, "goes from position %d to %d, and a log begins from -1 to 0", c.Previous, c.Last)
	case covered < 1:
		w.wrongCommit(WrongRange, c, "goes from position %d to %d", c.Previous, c.Last)
	case c.isRoot() && c.Commands != 0, !c.isRoot() && (c.Commands < 1 || c.Commands > covered):
		w.wrongCommit(WrongCount, c, "gives %d as the number of its commands, and it covers %s", c.Commands, positions(c.Previous+1, c.Last))
	}
}

// endCommit tells of the events of the last commit that do not carry its time.
func (w *Walk) endCommit() {
	if m := &w.mistimed; m.count > 0 {
		w.report.add(Finding{
			Damage: EventTimes, Position: m.first.Position, Commit: w.commit.ID,
			Detail: fmt.Sprintf("%s of commit %s without its time, %s: the first has %s",
				events(m.count), w.commit.ID, instant(w.commit.At), instant(m.first.At)),
		})
	}
	w.mistimed = mistimed{}
}

// instant is a time as the database shows it.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.999999Z") }
