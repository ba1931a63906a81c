package committer

import (
	"context"
	"errors"
	"time"
)

// Turns is how the processes that append to one log take turns. It is not what makes them safe: that the chain does. But a commit that finds
// another one in its place was work for nothing, and whoever sends the most would always be there first.
//
// A process has one turn at a time, and one goroutine at a time calls these methods.
type Turns interface {
	// Take waits until it is this process's turn, first come, first served, and then looks, as Log.Look does. The turn lasts until it is
	// passed on, or lost. After an error, which is as one of Log.Look, this process neither has the turn nor stands in line.
	Take(ctx context.Context, query Query) (Snapshot, error)

	// Awaited tells whether another process waits for the turn. An error says that the turn is lost. Who has the turn asks all the time: a
	// process that does not is stopped, or cut off, and loses it.
	Awaited(ctx context.Context) (bool, error)

	// Pass hands the turn on.
	Pass(ctx context.Context)
}

const (
	// turnTime is how long a turn lasts at least while there is work, and how often the holder looks whether anybody waits.
	turnTime = 50 * time.Millisecond
	// companyTime is how long after another process was noticed the turn is not kept without work.
	companyTime = 2 * time.Second
	// idleTime is after what time without work the turn is passed on by who is alone: looking whether anybody waits costs the database something.
	idleTime = time.Second
	// passTime bounds the passing.
	passTime = time.Second
	// longWait is a wait for the turn that is told: what a process leaves to others that was stopped, or cut off, while it had the turn. A line of
	// busy ones is not that long.
	longWait = 1500 * time.Millisecond
)

var errStuck = errors.New("nothing has moved on for too long, and other processes wait")

// turn is whether this process may append, and what to do about it. No chain of commits is begun without it.
//
//	away --ask--> asked --took--> held --pass--> passing --> away
//
// What fails on the way, or is lost, is away again. It belongs to the committer's goroutine; keep, the one goroutine that a turn has, speaks to
// it through answers.
type turn struct {
	state   turnState
	ending  chan struct{} // closed to have the turn passed on
	failed  error         // why it was not got, until somebody deals with it
	awaited bool          // another process waits: nothing more begins
	met     time.Time     // when another process was last noticed
	used    time.Time     // when it was last of use

	news *news // what the log said when it became ours, until somebody reads it
}

type turnState uint8

const (
	away turnState = iota
	asked
	held
	passing
)

// news is a look at the log.
type news struct {
	query    Query
	snapshot Snapshot
}

// open tells whether batches may begin.
func (t *turn) open() bool { return t.state == held && !t.awaited }

// yield passes the turn on, once nothing is in flight, if somebody waits for it or there has been nothing to do for long.
func (c *Committer) yield() {
	if c.Idle() && (c.turn.awaited || time.Since(c.turn.used) >= idleTime) {
		c.pass()
	}
}

// Waiting tells that the committer needs a call of Prepare before it will be Ready.
func (c *Committer) Waiting() bool {
	return c.turn.state == away && c.turn.failed == nil && c.stopped == nil && c.Idle()
}

// Prepare is called when the committer is Waiting and there is a batch. That it is Ready, an answer will tell.
func (c *Committer) Prepare(ctx context.Context) {
	c.turn.state = asked
	c.turn.ending = make(chan struct{})
	query, ending := Query{Since: c.heads.end}, c.turn.ending
	c.running.Go(func() { c.keep(ctx, query, ending) })
}

// Obliged tells that the committer is Ready and nothing is in flight, but there are other processes: when nothing is queued, it is to
// Rest.
func (c *Committer) Obliged() bool {
	return c.turn.open() && c.Idle() && len(c.waiting) == 0 && time.Since(c.turn.met) < companyTime
}

// Rest is called when the committer is Obliged and nothing is queued.
func (c *Committer) Rest() { c.pass() }

// Close gives back what the committer holds. It is called at the end, when the committer is not Busy, and may wait for a database that does
// not answer for as long as an attempt may take. It tells whether all goroutines have ended: once ctx has ended, it waits only so long for those that
// code of the user's holds up, and leaves them behind.
func (c *Committer) Close(ctx context.Context, patience time.Duration) (ended bool) {
	ended = c.snapshots.close(ctx, patience)
	for c.config.Turns != nil && c.turn.state != away {
		c.pass()
		c.note(<-c.answers)
	}
	if c.helpers > 0 {
		c.leave()
		ended = false
	}
	return ended
}

// leave lets the goroutines that still run end as they like: nobody hears what they answer.
func (c *Committer) leave() {
	go func() {
		c.running.Wait()
		close(c.answers)
	}()
	go func() {
		for range c.answers {
		}
	}()
}

// keep holds one turn, from the wait for it to its end. It looks around whatever the committer is doing, who hears of it when there is time.
func (c *Committer) keep(ctx context.Context, query Query, ending <-chan struct{}) {
	if err := c.take(ctx, query); err != nil {
		return
	}
	ticker := time.NewTicker(turnTime)
	defer ticker.Stop()
	for heard := time.Now(); ; {
		select {
		case <-ending:
			c.handOn(ctx)
			c.answers <- func(c *Committer) { c.turn.state = away }
			return
		case <-ticker.C:
		}
		awaited, err := c.lookAround(ctx)
		if err == nil && awaited && time.Since(heard) >= c.config.AttemptTimeout {
			c.handOn(ctx)
			err = errStuck
		}
		if err != nil {
			c.answers <- func(c *Committer) { c.lose(ctx, err) }
			return
		}
		select {
		case c.answers <- func(c *Committer) { c.lookedAround(awaited) }:
			heard = time.Now()
		default: // it is busy; there will be a next time
		}
	}
}

// take waits for the turn. A wait of AttemptTimeout loses the place in line, although others may just be busy. But who waits hears nothing
// from the database, so only an end to the wait shows that it does not listen any more; and as many turns of busy processes as fit in there
// are more than can share a log well.
func (c *Committer) take(ctx context.Context, query Query) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	began := time.Now()
	snapshot, err := c.config.Turns.Take(ctx, query)
	waited := time.Since(began)
	c.answers <- func(c *Committer) {
		if err != nil {
			c.turn.state, c.turn.failed = away, err
			return
		}
		c.turn.state, c.turn.awaited, c.turn.used = held, false, time.Now()
		c.turn.news = &news{query, snapshot}
		c.config.Hooks.turnTaken(waited)
		if waited >= longWait {
			c.config.Logger.Warn("groupcommit: waited long for another process to pass the turn on, or to lose it", "waited", waited)
		}
	}
	return err
}

func (c *Committer) lookAround(ctx context.Context) (awaited bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	return c.config.Turns.Awaited(ctx)
}

func (c *Committer) handOn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), passTime)
	defer cancel()
	c.config.Turns.Pass(ctx)
}

func (c *Committer) lookedAround(awaited bool) {
	if awaited {
		c.turn.awaited, c.turn.met = true, time.Now()
	}
}

// lose notes that the turn was lost. What is in flight goes on: the chain decides.
func (c *Committer) lose(ctx context.Context, err error) {
	if ctx.Err() == nil {
		c.tellLoss(err)
	}
	c.turn.state = away
}

// overtaken is called when another process has appended in the place of what was judged in this turn: that was lost, and nobody has
// noticed yet.
func (c *Committer) overtaken(f *Failure) {
	if c.config.Turns != nil {
		c.tellLoss(f)
	}
}

// tellLoss tells of the loss of the turn, unless it is told already or the turn was to be passed on anyway.
func (c *Committer) tellLoss(cause error) {
	if c.turn.state == held {
		c.config.Logger.Warn("groupcommit: the turn was lost", "error", cause)
		c.config.Hooks.turnLost(cause)
	}
}

// pause lets a while pass before another try, in which others have the turn. It tells whether another try is due.
func (c *Committer) pause(ctx context.Context, o *outage) bool {
	c.pass()
	return o.wait(ctx)
}

// pass hands the turn on, if it is held.
func (c *Committer) pass() {
	if c.turn.state == held && c.config.Turns != nil {
		c.turn.state = passing
		close(c.turn.ending)
	}
}

// takeTurn returns when it is this process's turn, and brings the heads to where the log ends then. It is called when nothing is in flight.
func (c *Committer) takeTurn(ctx context.Context) error {
	if err := c.ownTurn(ctx); err != nil {
		return err
	}
	if news := c.turn.news; news != nil {
		c.turn.news = nil
		c.learn(&news.query, &news.snapshot)
	}
	return nil
}

// ownTurn returns when it is this process's turn.
func (c *Committer) ownTurn(ctx context.Context) error {
	for c.turn.state != held {
		if c.turn.state == away {
			if err := c.turn.failed; err != nil {
				c.turn.failed = nil
				return err
			}
			c.Prepare(ctx)
		}
		c.note(<-c.answers)
	}
	c.turn.used = time.Now()
	return nil
}
