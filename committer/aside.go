package committer

import (
	"cmp"
	"context"
	"slices"
)

// aside is the entries that cannot be judged yet: decisions whose states have to be loaded, because another process has appended to their streams,
// or because they ask for further ones; and whatever came behind such an entry on one of its streams. The others go on. When something has been
// loaded, all that wait are judged again, in their order, as a batch.
//
// It belongs to the committer's goroutine, but for loads and slots.
type aside struct {
	begun   uint64            // entries so far: each has its place
	waiting []waiting         // by place
	bytes   int               // of memory that those hold
	barred  map[string]uint64 // streams of those, each with the first place that waits for it
	due     bool              // something has changed for them
	helpers int               // goroutines that load
	left    bool              // those are not waited for any more
	loads   loads
	slots   chan struct{} // bounds how many of them do so at a time
}

// waiting is an entry that is set aside.
type waiting struct {
	entry *Entry
	ctx   context.Context
	share *share
}

// maxHelpers is how many states helpers load at a time, each over a connection of the reads'.
const maxHelpers = 8

// Where so much waits nothing more begins, and so the queue fills: what is taken from there is not counted there any more.
const (
	maxWaiting      = 10_000
	maxWaitingBytes = 64 << 20
)

// full tells whether so much waits that nothing more may begin.
func (a *aside) full() bool { return len(a.waiting) >= maxWaiting || a.bytes >= maxWaitingBytes }

func newAside() aside {
	return aside{barred: make(map[string]uint64), slots: make(chan struct{}, maxHelpers)}
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
		if e.decision != nil && !e.decision.loading {
			c.fetch(work.ctx, e.decision, plan.view.lacking(e))
		}
		work.hold()
		c.waiting = append(c.waiting, waiting{entry: e, ctx: work.ctx, share: work.share})
		c.bytes += e.Size()
		for i := range e.parts {
			if first, ok := c.barred[e.parts[i].stream]; !ok || e.place < first {
				c.barred[e.parts[i].stream] = e.place
			}
		}
	}
	slices.SortFunc(c.waiting, func(a, b waiting) int { return cmp.Compare(a.entry.place, b.entry.place) })
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

// fetch has states loaded that a decision lacks. They are made of what is committed, and of nothing that is in flight.
func (c *Committer) fetch(ctx context.Context, d *decision, lacking []int) {
	if len(lacking) == 0 {
		return
	}
	d.loads++
	switch {
	case ctx.Err() != nil:
		d.err, c.due = notWritten(context.Cause(ctx)), true
		return
	case d.loads > maxLoads:
		d.err, c.due = notWritten(errRestless), true
		return
	}
	subjects := make([]subject, len(lacking))
	for n, i := range lacking {
		subjects[n] = d.subjects[i]
	}
	d.loading = true
	c.helpers++
	unusual := d.loads - usualLoads*(1+d.asked)
	c.running.Go(func() {
		returned := false
		var err error
		defer func() {
			if !returned {
				err = exited()
			}
			c.answers <- func(c *Committer) {
				c.helpers--
				c.due = true
				d.loading, d.err = false, err
				for n, i := range lacking {
					d.subjects[i] = subjects[n]
				}
			}
		}()
		if unusual > 0 {
			rest(ctx, min(firstDelay<<(unusual-1), maxDelay))
		}
		err = c.catchUp(ctx, subjects)
		returned = true
	})
}

// catchUp brings states to what is committed now, or was when somebody else began to load them.
func (c *Committer) catchUp(ctx context.Context, subjects []subject) (err error) {
	for i := range subjects {
		s := &subjects[i]
		s.loaded, err = c.loads.once(ctx, s.Subject, func() (loaded, error) { return c.readOn(ctx, s) })
		if err != nil {
			return err
		}
	}
	return nil
}

// readOn loads what the state of a subject lacks, or the one in the cache, when there is a slot.
func (c *Committer) readOn(ctx context.Context, s *subject) (loaded, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return s.loaded, notWritten(context.Cause(ctx))
	}
	state := s.loaded
	if cached, _ := c.states.find(s.Subject, false); cached.Version > state.Version || cached.epoch != state.epoch {
		state = cached
	}
	return c.loadAtLast(ctx, s.Subject, state)
}

// Busy tells that something is in flight or set aside.
func (c *Committer) Busy() bool { return !c.Idle() || len(c.waiting) > 0 || c.helpers > 0 && !c.left }

// Forsake gives up goroutines that load, where there are any, and tells all that is set aside that it was not written, and why. It is called in a while
// after the contexts of all batches have ended: only code of the user's, as in the folding of an event, can still hold those up.
func (c *Committer) Forsake(reason error) {
	if c.helpers == 0 {
		return
	}
	c.left = true
	if len(c.waiting) > 0 {
		work := c.takeWaiting()
		work.refuse(reason)
		work.done()
	}
}

// resume begins again with the entries that were set aside, as often as something was loaded for them and the committer is ready.
func (c *Committer) resume() {
	for c.due && len(c.waiting) > 0 {
		if c.Waiting() {
			c.Prepare(c.waiting[0].ctx)
		}
		if !c.ready() {
			return
		}
		c.due = false
		c.begin(c.takeWaiting())
		c.yield()
	}
}

// takeWaiting makes a job of all that was set aside.
func (c *Committer) takeWaiting() *job {
	all := c.waiting
	c.waiting, c.bytes = nil, 0
	clear(c.barred)
	work := &job{ctx: all[0].ctx, entries: make([]*Entry, len(all))}
	for i := range all {
		work.entries[i] = all[i].entry
	}
	work.done = func() {
		for i := range all {
			all[i].share.release()
		}
	}
	return work
}
