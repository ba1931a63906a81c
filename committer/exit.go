package committer

import (
	"errors"
	"runtime/debug"

	"github.com/groupcommit/groupcommit/command"
)

// errExit is the value of a panic that was none.
var errExit = errors.New("it ended its goroutine with runtime.Goexit, as FailNow of a test does")

// exited is what there is to tell of code of the user's that has ended the goroutine in which it ran. It is called by what that goroutine had
// deferred, when the stack still says where.
func exited() error { return &command.PanicError{Value: errExit, Stack: debug.Stack()} }

// Exited is deferred by the owner of the committer's goroutine for the case that code of the user's ends it, which nothing in there can
// prevent. The error says where that was; it is nil when the goroutine had been abandoned, and touches nothing any more. With certain it was in a
// decision: but for what Sent gives, nothing is written of what was not told.
func (c *Committer) Exited() (cause error, certain bool) {
	certain = c.Abandon(0)
	if !certain && c.watch.since.Load() == abandoned {
		return nil, false
	}
	return exited(), certain
}

// Halt ends all writing, and tells why. Where it has ended, the first reason stays.
func (c *Committer) Halt(reason error) {
	first := c.stopped == nil
	if first {
		c.stopped = reason
	}
	c.config.Logger.Error("groupcommit: writing has stopped", "error", reason)
	if first {
		c.config.Hooks.stopped(reason)
	}
}
