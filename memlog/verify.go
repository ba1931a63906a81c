package memlog

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/verify"
)

// Verify reads the whole log and reports whether it is sound. What it finds was appended so: nothing else can happen to a log in memory.
func (l *Log) Verify(ctx context.Context) (verify.Report, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	w := walk{log: l, versions: make(map[*stream]int64)}
	w.records = slices.SortedFunc(maps.Values(l.records), func(a, b committer.Record) int { return cmp.Compare(a.First, b.First) })
	for _, c := range l.commits {
		if err := ctx.Err(); err != nil {
			return verify.Report{}, err
		}
		w.commit(c)
	}
	w.recordsUpTo(math.MaxInt64)
	return w.End(), nil
}

// walk leads a log past a verify.Walk. Its caller holds mu.
type walk struct {
	verify.Walk
	log      *Log
	parent   uuid.UUID
	versions map[*stream]int64  // at the position that it has come to
	records  []committer.Record // that it has not come to, by their positions
}

func (w *walk) commit(c commit) {
	w.Commit(verify.Commit{
		ID: c.id, Previous: c.previous, Last: c.last, Parent: w.parent, ParentFound: true, Commands: int64(c.commands), At: c.at,
	})
	w.parent = c.id
	for position := max(c.previous, 0) + 1; position <= c.last; position++ {
		w.recordsUpTo(position)
		e := &w.log.events[position-1]
		w.Event(verify.Event{Position: position, Stream: e.stream.name, Version: e.version, Before: w.versions[e.stream], At: e.at})
		w.versions[e.stream] = e.version
	}
}

func (w *walk) recordsUpTo(position int64) {
	for ; len(w.records) > 0 && w.records[0].First <= position; w.records = w.records[1:] {
		r := &w.records[0]
		w.Record(verify.Record{ID: r.ID, First: r.First, Last: r.Last, Versions: r.Versions, At: r.CommittedAt})
	}
}
