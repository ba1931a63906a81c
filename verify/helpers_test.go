package verify_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/verify"
)

// log is a log as rows, of which any may be wrong.
type log struct {
	commits []verify.Commit
	records []verify.Record
	events  []verify.Event
}

// newLog makes a sound log. Each argument is a commit with a command for each of its words, and in a word a letter for the stream of each
// event. Every command has an ID.
func newLog(commits ...[]string) *log {
	l := &log{commits: []verify.Commit{{ID: id("root"), Previous: -1, At: at(0)}}}
	versions := make(map[string]int64)
	for _, commands := range commits {
		parent := l.commits[len(l.commits)-1]
		c := verify.Commit{
			ID: id(fmt.Sprint("commit", len(l.commits))), Previous: parent.Last, Last: parent.Last, Parent: parent.ID,
			Commands: int64(len(commands)), At: at(len(l.commits)),
		}
		for _, streams := range commands {
			r := verify.Record{ID: id(fmt.Sprint("command", len(l.records))), First: c.Last + 1, At: c.At}
			for _, stream := range streams {
				name := string(stream)
				c.Last++
				versions[name]++
				l.events = append(l.events, verify.Event{Position: c.Last, Stream: name, Version: versions[name], At: c.At})
				r.Versions = append(r.Versions, versions[name])
			}
			r.Last = c.Last
			l.records = append(l.records, r)
		}
		l.commits = append(l.commits, c)
	}
	return l
}

// prune forgets the oldest commits, all but so many.
func (l *log) prune(keep int) {
	l.commits = l.commits[len(l.commits)-keep:]
	l.commits[0].Parent = uuid.Nil
}

func id(name string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(name)) }

func at(second int) time.Time { return time.Unix(int64(second), 0) }

// verify leads the log past a walk.
func (l *log) verify() verify.Report {
	l.complete()
	var walk verify.Walk
	for _, step := range l.steps() {
		step.take(&walk)
	}
	return walk.End()
}

// complete says of each row what it should know of others.
func (l *log) complete() {
	slices.SortStableFunc(l.events, func(a, b verify.Event) int { return cmp.Compare(a.Position, b.Position) })
	versions := make(map[string]int64)
	for i := range l.events {
		e := &l.events[i]
		e.Before = versions[e.Stream]
		versions[e.Stream] = e.Version
	}
	for i := range l.commits {
		c := &l.commits[i]
		c.ParentFound = slices.ContainsFunc(l.commits, func(p verify.Commit) bool { return p.Last == c.Previous && p.ID == c.Parent })
	}
}

// step is a row at its place.
type step struct {
	place int64
	kind  int
	take  func(*verify.Walk)
}

func (l *log) steps() (steps []step) {
	for _, r := range l.records {
		steps = append(steps, step{r.First, 0, func(w *verify.Walk) { w.Record(r) }})
	}
	for _, e := range l.events {
		steps = append(steps, step{e.Position, 1, func(w *verify.Walk) { w.Event(e) }})
	}
	for _, c := range l.commits {
		steps = append(steps, step{c.Previous, 2, func(w *verify.Walk) { w.Commit(c) }})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.kind, b.kind)) })
	return steps
}

// wantSound checks that nothing was found.
func wantSound(t *testing.T, report verify.Report) {
	t.Helper()
	if !report.Sound() || len(report.Findings) > 0 {
		t.Errorf("%d findings: %v", report.Damages, report.Findings)
	}
}
