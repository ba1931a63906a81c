package committer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/groupcommit/groupcommit/command"
)

// fetches are the states that are loaded for decisions that are set aside, each once, by helpers. They belong to the committer's goroutine, but for loads.
type fetches struct {
	under   map[command.Subject]*fetch
	queue   []*fetch // those that have not begun: first what came first needs
	helpers int      // goroutines that load
	left    bool     // those are not waited for any more
	loads   loads
}

// fetch is one state that is loaded, and who waits for it.
type fetch struct {
	subject

	ctx       context.Context
	place     uint64 // of the first entry that asked for it
	pause     time.Duration
	decisions []*decision
}

// maxHelpers is how many states helpers load at a time, each over a connection of the reads'.
const maxHelpers = 8

// want has states loaded that an entry lacks, given by their indexes. They are made of what is committed, and of nothing that is in flight.
func (c *Committer) want(ctx context.Context, e *Entry, lacking []int) {
	d := e.decision
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
	d.lacking = len(lacking)
	for _, i := range lacking {
		of := d.subjects[i]
		f, busy := c.under[of.Subject]
		if !busy {
			f = &fetch{subject: of, ctx: ctx, place: e.place, pause: d.pause()}
			c.enqueue(f)
		}
		f.decisions = append(f.decisions, d)
	}
}

// pause is how long to wait before another load: unless it is an unusual one, not at all.
func (d *decision) pause() time.Duration {
	unusual := d.loads - usualLoads*(1+d.asked)
	if unusual <= 0 {
		return 0
	}
	return min(firstDelay<<(unusual-1), maxDelay)
}

func (c *Committer) enqueue(f *fetch) {
	c.under[f.Subject] = f
	at, _ := slices.BinarySearchFunc(c.queue, f.place+1, func(other *fetch, place uint64) int { return cmp.Compare(other.place, place) })
	c.queue = slices.Insert(c.queue, at, f)
}

// fetch begins as many fetches as there may be at a time. Where so much is held already that nothing more should be, what came first is brought to its
// end all the same.
func (c *Committer) fetch() {
	for len(c.queue) > 0 && c.helpers < maxHelpers && (c.bytes < maxWaitingBytes || c.helpers == 0) {
		f := c.queue[0]
		c.queue = slices.Delete(c.queue, 0, 1)
		c.helpers++
		c.running.Go(func() { c.help(f) })
	}
}

// help is the one goroutine of a fetch.
func (c *Committer) help(f *fetch) {
	var state loaded
	err, returned := error(nil), false
	defer func() {
		if !returned {
			err = exited()
		}
		c.answers <- func(c *Committer) { c.fetched(f, state, err) }
	}()
	if f.pause > 0 {
		rest(f.ctx, f.pause)
	}
	if f.ctx.Err() != nil {
		err = notWritten(context.Cause(f.ctx))
	} else {
		state, err = c.loads.once(f.ctx, f.Subject, func() (loaded, error) { return c.readOn(f) })
	}
	returned = true
}

// readOn loads what the state of a subject lacks, or the one in the cache.
func (c *Committer) readOn(f *fetch) (loaded, error) {
	state := f.loaded
	if cached, _ := c.states.find(f.Subject, false); cached.Version > state.Version || cached.epoch != state.epoch {
		state = cached
	}
	return c.loadAtLast(f.ctx, f.Subject, state)
}

// fetched gives a state to those who wait for it.
func (c *Committer) fetched(f *fetch, state loaded, err error) {
	c.helpers--
	if c.left {
		return
	}
	c.due = true
	delete(c.under, f.Subject)
	for _, d := range f.decisions {
		c.bytes += d.receive(f.Subject, state, err)
	}
	c.fetch()
}

// receive takes in a state that was loaded for the decision, or why that cannot be. It tells how much more the decision holds.
func (d *decision) receive(of command.Subject, state loaded, err error) (grown int) {
	d.lacking--
	if d.err = cmp.Or(d.err, err); d.err != nil {
		return 0
	}
	before := d.size()
	for i := range d.subjects {
		if s := &d.subjects[i]; s.Subject == of {
			s.loaded, s.missed = state, true
		}
	}
	return d.size() - before
}

// Forsake gives up goroutines that load, where there are any, and tells all that is set aside that it was not written, and why. It is called in a while
// after the contexts of all batches have ended: only code of the user's, as in the folding of an event, can still hold those up.
func (c *Committer) Forsake(reason error) {
	if c.helpers == 0 {
		return
	}
	c.left = true
	c.queue = nil
	if work := c.takeWaiting(func(*Entry) bool { return true }); work != nil {
		work.refuse(reason)
		work.done()
	}
}
