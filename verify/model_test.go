package verify_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/verify"
)

// TestModel spoils random logs at random and compares: a walk finds something if, and only if, the log is not what a sound log is by
// definition.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		command := rapid.StringMatching(`[abc]{1,3}`)
		l := newLog(rapid.SliceOfN(rapid.SliceOfN(command, 1, 3), 0, 5).Draw(rt, "log")...)
		if keep := rapid.IntRange(1, 2*len(l.commits)).Draw(rt, "keep"); keep < len(l.commits) {
			l.prune(keep)
		}
		for range rapid.IntRange(0, 4).Draw(rt, "damages") {
			l.spoil(rt)
		}
		report := l.verify()
		if reason := l.fault(); report.Sound() != (reason == "") {
			rt.Fatalf("by definition: %q; found: %v", reason, report.Findings)
		}
	})
}

// spoil makes something of a row of something else, or takes it away, or puts it there twice. It may be that this is no damage.
func (l *log) spoil(rt *rapid.T) {
	small := func() int64 { return rapid.Int64Range(-2, 20).Draw(rt, "number") }
	second := func() int { return rapid.IntRange(0, 6).Draw(rt, "second") }
	switch rapid.IntRange(0, 2).Draw(rt, "kind") {
	case 0:
		spoilRow(rt, &l.commits,
			func(c *verify.Commit) { c.Previous = small() },
			func(c *verify.Commit) { c.Last = small() },
			func(c *verify.Commit) { c.Parent = uuid.Nil },
			func(c *verify.Commit) { c.Parent = id("other") },
			func(c *verify.Commit) { c.Commands = small() },
			func(c *verify.Commit) { c.At = at(second()) },
		)
	case 1:
		spoilRow(rt, &l.records,
			func(r *verify.Record) { r.First = small() },
			func(r *verify.Record) { r.Last = small() },
			func(r *verify.Record) { r.Versions[0] = small() },
			func(r *verify.Record) { r.Versions = append(slices.Clone(r.Versions), small()) },
			func(r *verify.Record) { r.At = at(second()) },
		)
	default:
		spoilRow(rt, &l.events,
			func(e *verify.Event) { e.Position = small() },
			func(e *verify.Event) { e.Version = small() },
			func(e *verify.Event) { e.Stream = rapid.StringMatching(`[abcd]`).Draw(rt, "stream") },
			func(e *verify.Event) { e.At = at(second()) },
		)
	}
}

func spoilRow[T any](rt *rapid.T, rows *[]T, change ...func(*T)) {
	if len(*rows) == 0 {
		return
	}
	i := rapid.IntRange(0, len(*rows)-1).Draw(rt, "row")
	switch how := rapid.IntRange(-2, len(change)-1).Draw(rt, "how"); how {
	case -2:
		*rows = slices.Delete(*rows, i, i+1)
	case -1:
		*rows = append(*rows, (*rows)[i])
	default:
		change[how](&(*rows)[i])
	}
}

// fault is why a log is not sound by definition, with all of it at hand and no thought of speed.
func (l *log) fault() string {
	if len(l.commits) == 0 {
		return "no commit"
	}
	oldest := slices.MinFunc(l.commits, func(a, b verify.Commit) int { return cmp.Compare(a.Previous, b.Previous) })
	end := slices.MaxFunc(l.commits, func(a, b verify.Commit) int { return cmp.Compare(a.Last, b.Last) }).Last
	for _, fault := range []func(*verify.Commit, int64) string{l.chainFault, l.eventFault, l.recordFault} {
		if reason := fault(&oldest, end); reason != "" {
			return reason
		}
	}
	return ""
}

func (l *log) chainFault(oldest *verify.Commit, _ int64) string {
	covered := make(map[int64]bool)
	for i, c := range l.commits {
		root := c.Previous < 0
		for _, other := range l.commits[:i] {
			if other.Previous == c.Previous {
				return "two begin at one place"
			}
		}
		switch {
		case c.Last <= c.Previous:
			return "a commit of nothing"
		case root && (c.Previous != -1 || c.Last != 0 || c.Commands != 0):
			return "a root that is none"
		case !root && (c.Commands < 1 || c.Commands > c.Last-c.Previous):
			return "number of commands"
		case (c.Parent == uuid.Nil) != (c.Previous == oldest.Previous):
			return "a parent of the oldest, or another one without"
		}
		for position := c.Previous + 1; position <= c.Last; position++ {
			if covered[position] {
				return "a position in two commits"
			}
			covered[position] = true
		}
		if c.Parent == uuid.Nil {
			continue
		}
		p := slices.IndexFunc(l.commits, func(p verify.Commit) bool { return p.Last == c.Previous && p.ID == c.Parent })
		if p < 0 || !c.At.After(l.commits[p].At) {
			return "the parent, or its time"
		}
	}
	return ""
}

func (l *log) eventFault(oldest *verify.Commit, end int64) string {
	if int64(len(l.events)) != max(end, 0) {
		return "number of events"
	}
	taken, versions := make(map[int64]bool), make(map[string]int64)
	for _, e := range l.events { // which verify has put in order
		c := l.commitOf(e.Position)
		switch {
		case taken[e.Position] || e.Position < 1 || e.Position > end:
			return "position"
		case e.Position > oldest.Previous && (c == nil || !c.At.Equal(e.At)):
			return "commit of an event"
		}
		taken[e.Position] = true
		versions[e.Stream]++
		if e.Version != versions[e.Stream] {
			return "version"
		}
	}
	return ""
}

func (l *log) recordFault(oldest *verify.Commit, end int64) string {
	taken := make(map[int64]bool)
	for _, r := range l.records {
		if r.First < 1 || r.Last < r.First || r.Last > end {
			return "positions of a command"
		}
		for position := r.First; position <= r.Last; position++ {
			if taken[position] {
				return "a position of two commands"
			}
			taken[position] = true
		}
		if c := l.commitOf(r.Last); r.Last > oldest.Previous && (r.First <= c.Previous || !c.At.Equal(r.At)) {
			return "commit of a command"
		}
		left := r.Versions
		events := l.events[r.First-1 : r.Last]
		for i, e := range events {
			if i+1 < len(events) && events[i+1].Stream == e.Stream {
				continue
			}
			at := slices.Index(left, e.Version)
			if at < 0 {
				return "versions of a command"
			}
			left = left[at+1:]
		}
	}
	return ""
}

func (l *log) commitOf(position int64) *verify.Commit {
	for i := range l.commits {
		if c := &l.commits[i]; c.Previous < position && position <= c.Last {
			return c
		}
	}
	return nil
}
