package pipeline

import (
	"context"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// Tracer opens spans on the way of commands. It is asked about everything, so it must be quick; a command that is not sampled costs only
// the question.
type Tracer interface {
	// Submit is called with each command, by its caller's goroutine and with the context that Submit was given, before anything else. The
	// span ends with the verdict. A nil span: this command is not traced.
	Submit(ctx context.Context, cmd *command.Command) CommandSpan

	// Batch is called when a batch has been taken from the queue and holds commands that are traced, with their spans, by the one goroutine that
	// calls Commit as well. The batch is worked on under the context that it returns; end is called when all of its commands have been told.
	Batch(ctx context.Context, batch BatchInfo, commands []CommandSpan) (batched context.Context, end func())

	// Commit is called when a commit that carries commands which are traced is about to be sent, each time that it is, with their spans. A batch may
	// be divided into several commits, and a commit may carry commands of several batches: ctx is that of the first one. A command that writes
	// nothing is in no commit. What is returned, unless nil, is called with the answer: nil when the commit has succeeded.
	Commit(ctx context.Context, commit committer.CommitInfo, commands []CommandSpan) (answered func(error))
}

// CommandSpan is the span of one command. End is called once, by the goroutine that tells the verdict and before it is told.
type CommandSpan interface {
	End(result command.Result, err error)
}

// BatchInfo describes a batch.
type BatchInfo struct {
	Commands int
	Bytes    int    // of memory that they hold
	Reason   string // for which it could leave the queue, in one word
}

// traced is the context of a Submit whose command has a span. It is the future's way to its span: one that is not traced has no room for it.
type traced struct {
	context.Context
	span CommandSpan
}

// spanOf is the span of the command that was submitted with a context, nil where there is none.
func spanOf(submit context.Context) CommandSpan {
	if t, ok := submit.(traced); ok {
		return t.span
	}
	return nil
}

// trace begins the span of a command, if somebody wants one.
func (p *Pipeline) trace(ctx context.Context, cmd *command.Command) context.Context {
	if p.config.Tracer == nil {
		return ctx
	}
	if span := p.config.Tracer.Submit(ctx, cmd); span != nil {
		return traced{ctx, span}
	}
	return ctx
}

// traceBatch begins the span of a batch, if any of its commands has one. The returned end is never nil.
func (p *Pipeline) traceBatch(batch *batcher.Batch[*Future], commands int) (ctx context.Context, end func()) {
	var spans []CommandSpan
	if p.config.Tracer != nil {
		for _, f := range batch.Items {
			if f.place.Load() == inBatch {
				spans = f.appendSpan(spans)
			}
		}
	}
	if len(spans) == 0 {
		return p.abort, func() {}
	}
	return p.config.Tracer.Batch(p.abort, BatchInfo{Commands: commands, Bytes: batch.Bytes, Reason: batch.Reason.String()}, spans)
}

// appendSpan appends the span of a command that was taken and is not told, if it has one.
func (f *Future) appendSpan(spans []CommandSpan) []CommandSpan {
	if span := spanOf(f.submit); span != nil {
		return append(spans, span)
	}
	return spans
}

// traceCommits is what tells the tracer of commits, nil where there is none.
func (c *Config) traceCommits() func(context.Context, committer.CommitInfo, []committer.Receiver) func(error) {
	if c.Tracer == nil {
		return nil
	}
	return func(ctx context.Context, commit committer.CommitInfo, carried []committer.Receiver) func(error) {
		var spans []CommandSpan
		for _, r := range carried {
			spans = (*Future)(r.(*receiver)).appendSpan(spans)
		}
		if len(spans) == 0 {
			return nil
		}
		return c.Tracer.Commit(ctx, commit, spans)
	}
}
