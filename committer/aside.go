package committer

import (
	"cmp"
	"context"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

// aside is the entries that cannot be judged yet: decisions whose states have to be loaded, because another process has appended to their streams,
// or because they ask for further ones; and whatever came behind such an entry on one of its streams. The others go on. When something has been
// loaded, those that lacked it are judged again with what came behind them, in their order, as a batch.
//
// It belongs to the committer's goroutine, but for what fetches leaves to others.
type aside struct {
	begun   uint64            // entries so far: each has its place
	waiting []waiting         // by place
	bytes   int               // of memory that those hold
	barred  map[string]uint64 // streams of those, each with the first place that waits for it
	due     bool              // something has changed for them
	fetches
}

// waiting is an entry that is set aside.
type waiting struct {
	entry *Entry
	ctx   context.Context
	share *share
}

// Where so much waits nothing more begins, and so the queue fills: what is taken from there is not counted there any more.
const (
	maxWaiting      = 10_000
	maxWaitingBytes = 64 << 20
)

// full tells whether so much waits that nothing more may begin.
func (a *aside) full() bool { return len(a.waiting) >= maxWaiting || a.bytes >= maxWaitingBytes }

func newAside() aside {
	return aside{barred: make(map[string]uint64), fetches: fetches{under: make(map[command.Subject]*fetch)}}
}

// share is what is left to do of a batch that was divided: when all have done theirs, it is done.
type share struct {
	holders int
	done    func()
}

func (s *share) release() {
	s.holders--
	if s.holders == 0 {
		s.done()
	}
}

// hold divides a job: it is done when the function that is returned has been called as well.
func (w *job) hold() (release func()) {
	if w.share == nil {
		w.share = &share{holders: 1, done: w.done}
		w.done = w.share.release
	}
	w.share.holders++
	return w.share.release
}

// blocked tells whether an entry that came before this one waits for one of its streams.
func (v *view) blocked(e *Entry) bool {
	for i := range e.parts {
		if by := v.slots[e.parts[i].slot].blocked; by != 0 && by < e.place {
			return true
		}
	}
	return false
}

// block lets the entries behind this one wait, where they touch its streams.
func (v *view) block(e *Entry) {
	for i := range e.parts {
		if s := &v.slots[e.parts[i].slot]; s.blocked == 0 || e.place < s.blocked {
			s.blocked = e.place
		}
	}
}

// setAside takes the entries out of a batch that could not be judged, and has loaded what they lack.
func (c *Committer) setAside(work *job, plan *plan) {
	if len(plan.aside) == 0 {
		return
	}
	work.entries = plan.entries
	c.due = c.due || plan.full
	for _, e := range plan.aside {
		if e.decision != nil {
			c.want(work.ctx, e, plan.view.lacking(e))
		}
		work.hold()
		c.wait(waiting{entry: e, ctx: work.ctx, share: work.share})
	}
	c.fetch()
}

// wait takes an entry in, at its place.
func (a *aside) wait(w waiting) {
	at, _ := slices.BinarySearchFunc(a.waiting, w.entry.place, func(other waiting, place uint64) int { return cmp.Compare(other.entry.place, place) })
	a.waiting = slices.Insert(a.waiting, at, w)
	a.bytes += w.entry.Size()
	a.bar(w.entry)
}

// bar keeps the streams of an entry that waits from those that come behind it.
func (a *aside) bar(e *Entry) {
	for i := range e.parts {
		if first, ok := a.barred[e.parts[i].stream]; !ok || e.place < first {
			a.barred[e.parts[i].stream] = e.place
		}
	}
}

// bars tells whether one of an entry's streams is kept from it by one of those that have been told to bar.
func (a *aside) bars(e *Entry) bool {
	return slices.ContainsFunc(e.parts, func(p part) bool {
		_, barred := a.barred[p.stream]
		return barred
	})
}

// lacking is what an entry looks at and cannot see, by index.
func (v *view) lacking(e *Entry) (subjects []int) {
	for i := range e.decision.subjects {
		of := &e.decision.subjects[i]
		if _, there := v.recall(e, of); !there {
			subjects = append(subjects, i)
		}
	}
	return subjects
}

// lacks tells whether states are loaded for an entry that it cannot be judged without.
func (e *Entry) lacks() bool {
	return e.decision != nil && e.decision.lacking > 0 && e.decision.err == nil
}

// Busy tells that something is in flight or set aside.
func (c *Committer) Busy() bool { return !c.Idle() || len(c.waiting) > 0 || c.helpers > 0 && !c.left }

// resume begins again with entries that were set aside, as often as something was loaded for them and the committer is ready.
func (c *Committer) resume() {
	for c.due && len(c.waiting) > 0 {
		if c.Waiting() {
			c.Prepare(c.waiting[0].ctx)
		}
		if !c.ready() {
			return
		}
		c.due = false
		if work := c.takeWaiting(func(e *Entry) bool { return !e.lacks() && !c.bars(e) }); work != nil {
			c.begin(work)
			c.yield()
		}
	}
}

// takeWaiting makes a job of those that are ready, nil where none is. They are asked in their order, and those that are not bar their streams.
func (c *Committer) takeWaiting(ready func(*Entry) bool) *job {
	clear(c.barred)
	var taken []waiting
	c.waiting = slices.DeleteFunc(c.waiting, func(w waiting) bool {
		if !ready(w.entry) {
			c.bar(w.entry)
			return false
		}
		c.bytes -= w.entry.Size()
		taken = append(taken, w)
		return true
	})
	if len(taken) == 0 {
		return nil
	}
	work := &job{ctx: taken[0].ctx, entries: make([]*Entry, len(taken))}
	for i := range taken {
		work.entries[i] = taken[i].entry
	}
	work.done = func() {
		for i := range taken {
			taken[i].share.release()
		}
	}
	return work
}
