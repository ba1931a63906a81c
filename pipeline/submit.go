package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
)

// Submit hands a command in. It waits only for room in the queue and never returns nil: a command that is refused gives a future that
// has already failed.
//
// Until a batch takes the command, also after Submit has returned, the end of ctx withdraws it: it is then certainly not
// written. After that only waiting can end. Commands that one goroutine submits take effect in that order.
func (p *Pipeline) Submit(ctx context.Context, cmd command.Command) *Future {
	return p.hand(ctx, &cmd, func(f *Future) error { return p.batcher.Submit(ctx, f, f.entry.Size()) })
}

// TrySubmit is Submit without the waiting: where there is no room, the future has failed with command.ErrQueueFull.
func (p *Pipeline) TrySubmit(ctx context.Context, cmd command.Command) *Future {
	return p.hand(ctx, &cmd, func(f *Future) error { return p.batcher.TrySubmit(f, f.entry.Size()) })
}

func (p *Pipeline) hand(ctx context.Context, cmd *command.Command, over func(*Future) error) *Future {
	submitted := p.recorder.now()
	ctx = p.trace(ctx, cmd)
	if ctx.Err() != nil {
		return p.refuse(ctx, notWritten(context.Cause(ctx)))
	}
	f, err := p.admit(ctx, cmd)
	if err != nil {
		return p.refuse(ctx, err)
	}
	f.submitted = submitted
	if err := over(f); err != nil {
		return p.refuse(ctx, p.asVerdict(f, err))
	}
	return f
}

// refuse gives a future that has failed before it began.
func (p *Pipeline) refuse(ctx context.Context, err error) *Future {
	p.recorder.refused(err)
	f := &Future{submit: ctx}
	f.resolve(command.Result{}, err)
	return f
}

// admit checks a command and encodes it, or loads what it is decided on.
func (p *Pipeline) admit(ctx context.Context, cmd *command.Command) (*Future, error) {
	if err := cmd.Check(&p.config.Limits); err != nil {
		return nil, err
	}
	f := &Future{submit: ctx}
	f.entry.Receiver = (*receiver)(f)
	f.entry.Fill(p.log, cmd)
	if err := p.committer.Load(ctx, &f.entry); err != nil {
		return nil, err
	}
	return f, nil
}

// asVerdict says in the words of package command why the batcher did not take a command.
func (p *Pipeline) asVerdict(f *Future, err error) error {
	switch {
	case errors.Is(err, batcher.ErrClosed):
		return command.ErrClosed
	case errors.Is(err, batcher.ErrFull):
		return command.ErrQueueFull
	case errors.Is(err, batcher.ErrTooLarge):
		_, limit := p.batcher.Room()
		return &command.InvalidError{Field: "Streams", Reason: fmt.Sprintf("it takes %d bytes of memory, and the whole queue has %d", f.entry.Size(), limit), Limit: limit}
	default:
		return notWritten(err)
	}
}
