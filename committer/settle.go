package committer

import (
	"context"
	"fmt"

	"github.com/groupcommit/groupcommit/command"
)

// settle finds out what became of a commit whose answer was lost, by appending the very same commit again. The log accepts one
// commit behind each: if this attempt succeeds, the lost one never can; if another commit stands there, it is the lost one
// or not.
//
// It returns nil when the commit is in the log, an error that wraps ErrOutcomeUnknown when that could not be learned in time, and
// otherwise the failure of the new attempt, which says that the commit is not in the log and never will be.
func (c *Committer) settle(ctx context.Context, commit *Commit) error {
	doubt := outage{patience: c.config.RetryFor} // begins now, whatever came before
	for {
		settlement, err := c.ask(ctx, commit)
		if settlement != SettledUnknown {
			c.goesOn(&doubt)
			c.config.Hooks.settled(commit, settlement)
			return err
		}
		c.stalls(&doubt, "groupcommit: what became of a commit cannot be learned, and is tried again", err)
		if !c.pause(ctx, &doubt) {
			c.config.Hooks.settled(commit, SettledUnknown)
			return fmt.Errorf("%w: %v", command.ErrOutcomeUnknown, err) // not wrapped: a cause may promise that nothing was written
		}
	}
}

// ask tells what became of a commit, if another attempt says so, and what that attempt came to.
func (c *Committer) ask(ctx context.Context, commit *Commit) (Settlement, error) {
	f := failure(c.again(ctx, commit))
	switch {
	case f == nil:
		return SettledCommitted, nil
	case !f.decides():
		return SettledUnknown, f
	}
	ours, err := c.follows(ctx, commit, f.Class == Moved)
	switch {
	case err != nil:
		return SettledUnknown, err
	case ours:
		return SettledCommitted, nil
	default:
		return SettledNotWritten, f
	}
}

// decides tells whether the failure of another attempt says something of the lost one. Another log does not: it was not made there.
func (f *Failure) decides() bool {
	switch f.Class {
	case InDoubt, Transient, Permanent, Replaced:
		return false
	default:
		return true
	}
}

// again appends a commit once more. What the log says when the turn is taken for it is not learned: the commit itself may be part of it.
func (c *Committer) again(ctx context.Context, commit *Commit) error {
	if err := c.ownTurn(ctx); err != nil {
		return err
	}
	c.turn.news = nil
	return c.attempt(ctx, commit)
}

// follows tells whether this commit is the one that follows its parent, and if so, only after the log has it safe: that it is found
// says that it will survive a crash of this server, but not that it has reached what the settings ask for. Where there must be one, none
// is an error: it has been pruned, and nobody can tell any more.
func (c *Committer) follows(ctx context.Context, commit *Commit, must bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	id, found, err := c.log.Successor(ctx, commit.Parent.Position)
	switch {
	case err != nil:
		return false, err
	case !found && must:
		return false, fmt.Errorf("no commit is on record behind position %d", commit.Parent.Position)
	case !found || id != commit.ID:
		return false, nil
	default:
		return true, c.log.Sync(ctx)
	}
}
