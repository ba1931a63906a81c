package committer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// chain is the commits in flight, oldest first. Each was judged on the log as it ends with the one before it, which may not have
// committed yet, and commits only after that one.
//
// It belongs to the committer's goroutine; the others only send answers.
type chain struct {
	flights []*flight
	broken  bool // one of them has failed: nothing more is launched, and all from there on are judged again
	answers chan Answer
}

// flight is a batch whose commit is under way.
//
// Its goroutine runs fly, which reads what is set at launch, closes one channel of end and answers. The rest belongs to the
// committer's goroutine.
type flight struct {
	work *job
	plan *plan
	sent time.Time

	heard func(error) // is told the answer, for the hooks

	before *ending // of the flight before it; nil when there was none
	end    *ending

	owned    bool // its place in the log is taken: another may follow
	answered bool
	err      error // with answered
}

// Answer is what a goroutine of the committer has to say: a step for the committer's own goroutine. It is for Handle.
type Answer func(*Committer)

var errOrphan = errors.New("the commit before it did not succeed")

// ending is how a flight tells the next one of its end. It is apart from the flight, which is not to be kept alive by those behind
// it.
type ending struct {
	committed chan struct{} // closed when the commit is known to have succeeded
	failed    chan struct{} // closed when it has not, or nobody knows
}

// await returns nil when the flight has committed.
func (e *ending) await(ctx context.Context) error {
	select {
	case <-e.committed:
		return nil
	case <-e.failed:
		return errOrphan
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// launch sends a batch on its way behind the others.
func (c *Committer) launch(f *flight) {
	f.heard = c.sending(f.work.ctx, f.plan.commit)
	f.sent = time.Now()
	f.owned = len(f.plan.commit.Rows) == 0
	f.end = &ending{committed: make(chan struct{}), failed: make(chan struct{})}
	if n := len(c.flights); n > 0 {
		f.before = c.flights[n-1].end
	}
	c.flights = append(c.flights, f)
	c.running.Go(func() { c.fly(f.work.ctx, f) })
}

// fly is the one goroutine of a flight.
func (c *Committer) fly(ctx context.Context, f *flight) {
	err := c.carry(ctx, f)
	if err == nil {
		close(f.end.committed)
	} else {
		close(f.end.failed)
	}
	c.answers <- func(c *Committer) { c.land(f, err) }
}

func (c *Committer) carry(ctx context.Context, f *flight) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	link := &Link{Owned: func() { c.answers <- func(*Committer) { f.owned = true } }}
	if f.before != nil {
		link.Await = f.before.await
	}
	if len(f.plan.commit.Rows) > 0 {
		return c.log.Append(ctx, f.plan.commit, link)
	}
	if f.before != nil { // a verdict that rests on what is in flight is final when that is
		if err := f.before.await(ctx); err != nil {
			return Orphaned(err)
		}
	}
	if f.plan.repeats {
		return c.log.Sync(ctx)
	}
	return nil
}

// Answers is where the committer's goroutines say what became of their work. Each answer is to be given to Handle.
func (c *Committer) Answers() <-chan Answer { return c.answers }

// Ready tells whether another batch can begin.
func (c *Committer) Ready() bool { return !c.full() && c.ready() }

// ready is Ready for what was set aside.
func (c *Committer) ready() bool {
	n := len(c.flights)
	room := !c.broken && n < c.config.InFlight && (n == 0 || c.flights[n-1].owned)
	return room && (c.turn.open() || c.turn.failed != nil || c.stopped != nil) // a failure is dealt with when there is a batch
}

// Idle tells that nothing is in flight.
func (c *Committer) Idle() bool { return len(c.flights) == 0 }

// Handle takes an answer in. Verdicts that have become final are told. When a commit has failed and all behind it are rolled
// back, their batches are judged and committed again, one by one in their order, before it returns.
func (c *Committer) Handle(a Answer) {
	c.note(a)
	c.hear() // all that has been loaded is judged together
	c.mend()
	c.yield()
	c.resume()
}

// note takes an answer in and leaves what is broken as it is.
func (c *Committer) note(a Answer) { a(c) }

// hear notes what has been answered, and waits for nothing.
func (c *Committer) hear() {
	for {
		select {
		case a := <-c.answers:
			c.note(a)
		default:
			return
		}
	}
}

// land marks how a flight has ended and finishes those that are through.
func (c *Committer) land(f *flight, err error) {
	f.answered, f.err = true, err
	f.heard(err)
	if err != nil {
		c.broken = true
	}
	for len(c.flights) > 0 && c.flights[0].answered && c.flights[0].err == nil {
		first := c.flights[0]
		c.flights = slices.Delete(c.flights, 0, 1)
		c.finish(first.work, first.plan, time.Since(first.sent))
		first.work.done()
	}
}

// drain handles answers until nothing is in flight.
func (c *Committer) drain() {
	c.mend() // everything may have been noted already
	for !c.Idle() {
		c.note(<-c.answers)
		c.mend()
		c.yield()
	}
}

// mend commits the batches of a broken chain one by one, once all of them have answered. What the first failed of is dealt with; the
// others were never in the way of anybody, and are judged afresh.
func (c *Committer) mend() {
	if !c.broken || slices.ContainsFunc(c.flights, func(f *flight) bool { return !f.answered }) {
		return
	}
	flights := c.flights
	c.flights, c.broken = nil, false
	first := flights[0]
	c.conclude(first.work.ctx, first.work, first.plan, first.sent, first.err)
	for _, f := range flights {
		c.commit(f.work)
		f.work.done()
	}
}

// tip is where the log ends when everything in flight has committed, and the time of that commit.
func (c *Committer) tip() (Point, time.Time) {
	for _, f := range slices.Backward(c.flights) {
		if len(f.plan.commit.Rows) > 0 {
			return f.plan.commit.End(), f.plan.commit.Time
		}
	}
	return c.heads.end, c.heads.time
}

// ends is every place where the log can end if nobody else appends to it: where it does as far as we know, and behind each commit in
// flight.
func (c *Committer) ends() []Point {
	ends := []Point{c.heads.end}
	for _, f := range c.flights {
		if len(f.plan.commit.Rows) > 0 {
			ends = append(ends, f.plan.commit.End())
		}
	}
	return ends
}

// version of a stream when everything in flight has committed, if it is known.
func (c *Committer) version(stream string) (int64, bool) {
	for _, f := range slices.Backward(c.flights) {
		if version, ok := f.plan.view.outcome(stream); ok {
			return version, true
		}
	}
	return c.heads.version(stream)
}

// inFlight finds the command with this ID among those that are accepted and not yet committed.
func (c *Committer) inFlight(id uuid.UUID) (e *Entry, result *command.Result, found bool) {
	for _, f := range slices.Backward(c.flights) {
		if i, ok := f.plan.ids[id]; ok {
			return f.plan.entries[i], &f.plan.verdicts[i].result, true
		}
	}
	return nil, nil, false
}
