package committer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/groupcommit/groupcommit/command"
)

// failure is err as a Log reports it. An error of any other kind is a defect of the log: it is taken for what does least harm.
func failure(err error) *Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Class: InDoubt, Row: -1, Err: err}
}

// react decides what follows when a batch could not be looked up or appended. It leaves in work what is to be tried again.
func (c *Committer) react(ctx context.Context, work *job, plan *plan, err error) {
	if errors.Is(err, command.ErrOutcomeUnknown) {
		c.giveUp(work, plan, err)
		return
	}
	f := failure(err)
	c.config.Hooks.failed(f.Class, f)
	c.heads.known = false
	switch f.Class {
	case Moved, Recorded, Taken, Stale:
		c.goesOn(&c.outage) // the log does answer
		if f.Class == Moved {
			c.pass() // somebody else appends, so whatever we believe, we do not have the turn
		}
		if work.outdated.IsZero() {
			work.outdated = time.Now()
		}
		if time.Since(work.outdated) >= c.config.RetryFor || ctx.Err() != nil {
			c.fail(ctx, work, f)
			return
		}
		c.lookAgain(ctx, work, plan, f)
	case Refused:
		c.isolate(ctx, work, plan, f)
	case Lost:
		c.lost(ctx, work, f)
	case Replaced:
		c.stop(ctx, work, fmt.Errorf("%w: %w", command.ErrLostCommits, f.Err))
	case Permanent:
		if c.permanent.due(time.Now()) {
			c.config.Logger.Error("groupcommit: a batch cannot be written", "error", f.Err)
		}
		c.fail(ctx, work, f.Err)
	default: // Transient; a Look in doubt has changed nothing either
		c.stalls(&c.outage, "groupcommit: writing fails, and is tried again", f.Err)
		if !c.pause(ctx, &c.outage) {
			c.fail(ctx, work, f.Err)
		}
	}
}

// lookAgain prepares a batch for another judgement: something that it was judged on is not so.
func (c *Committer) lookAgain(ctx context.Context, work *job, plan *plan, f *Failure) {
	switch f.Class {
	case Recorded:
		work.recorded = true
	case Stale:
		work.sighted = true
		if !plan.assumed(f.Row) {
			c.config.Logger.Error("groupcommit: a cached stream version was wrong; dropping all", "error", f.Err)
			c.heads.forget()
		}
	case Taken:
		c.checkForeign(ctx, work, plan)
	}
}

// names tells whether a failure's row is one of the commit's.
func (p *plan) names(row int) bool { return row >= 0 && row < len(p.commit.Rows) }

// assumed tells whether a row rests on the assumption that its stream does not exist.
func (p *plan) assumed(row int) bool {
	return p.names(row) && p.view.slots[p.view.index[p.commit.Rows[row].Stream]].state == assumed
}

// checkForeign stops all writing if the rows that stand in the way belong to no commit.
func (c *Committer) checkForeign(ctx context.Context, work *job, plan *plan) {
	parent := plan.commit.Parent
	snapshot, err := c.look(ctx, Query{Since: parent})
	if err != nil {
		c.heads.known = false // the next judgement looks again, and fails as this did or not
		return
	}
	if snapshot.End == parent {
		c.stop(ctx, work, fmt.Errorf("%w: behind position %d", command.ErrForeignRow, parent.Position))
	}
}

// lost deals with a log that lacks what this process knows to be in it. It is not a failure of the batch: what callers were told before does
// not hold any more, and they may have acted on it. So a person has to look, or has said beforehand that the log as it is counts.
func (c *Committer) lost(ctx context.Context, work *job, f *Failure) {
	reason := fmt.Errorf("%w: it ended at position %d when last heard of: %w", command.ErrLostCommits, c.heads.end.Position, f.Err)
	if !c.config.AcceptLostCommits {
		c.stop(ctx, work, reason)
		return
	}
	if c.losses.due(time.Now()) {
		c.config.Logger.Error("groupcommit: commits are lost; going on with the log as it is", "error", reason)
	}
	c.heads.forgetAll()
	c.states.forget()
	if !c.pause(ctx, &c.outage) { // a log that cannot make up its mind is no reason to spin
		c.fail(ctx, work, reason)
	}
}

// stop ends all writing: the log is not what it was, and a person has to look.
func (c *Committer) stop(ctx context.Context, work *job, reason error) {
	c.Halt(reason)
	c.fail(ctx, work, reason)
}

// giveUp tells a batch whose commit stayed in doubt. Whatever would have been told a success is in doubt with it, repetitions included;
// what would have been refused, or would have written nothing, was certainly not written.
func (c *Committer) giveUp(work *job, plan *plan, err error) {
	c.config.Logger.Error("groupcommit: the outcome of a commit stays unknown", "commit", plan.commit.ID, "error", err)
	c.heads.forget()
	notWritten := fmt.Errorf("%w: the commit that it depends on is in doubt", command.ErrNotWritten)
	for i, e := range plan.entries {
		if v := &plan.verdicts[i]; v.err == nil && v.result.First > 0 {
			e.Receiver.Resolve(command.Result{}, err)
		} else {
			e.Receiver.Resolve(command.Result{}, notWritten)
		}
	}
	work.entries = nil
}

// maxRefused is how many entries are taken out of a batch one at a time, each for another attempt of all the others.
const maxRefused = 3

// isolate takes the entry that the database refuses out of the batch. Where the database does not say which it is, or there are many,
// the batch is committed in halves, down to the one.
func (c *Committer) isolate(ctx context.Context, work *job, plan *plan, f *Failure) {
	c.goesOn(&c.outage) // the log does answer
	work.refused++
	culprit := plan.owners[0]
	switch {
	case plan.commit.Commands == 1:
	case plan.names(f.Row) && work.refused <= maxRefused:
		culprit = plan.owners[f.Row]
	default:
		half := len(work.entries) / 2
		first := &job{ctx: ctx, entries: work.entries[:half], done: work.hold()}
		c.commit(first)
		first.done()
		work.entries, work.refused = work.entries[half:], 0
		return
	}
	e := work.entries[culprit]
	work.entries = append(work.entries[:culprit:culprit], work.entries[culprit+1:]...)
	e.Receiver.Resolve(command.Result{}, &command.RejectedError{Code: f.Code, Err: f.Err})
}
