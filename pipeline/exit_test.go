package pipeline_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// exiting is a tracer that ends the goroutine in which it hears of something, the first time that it does.
type exiting struct{ at string }

func (e *exiting) reach(place string) {
	if e.at == place {
		e.at = ""
		runtime.Goexit()
	}
}

func (e *exiting) Submit(context.Context, *command.Command) pipeline.CommandSpan { return e }

func (e *exiting) Batch(ctx context.Context, _ pipeline.BatchInfo, _ []pipeline.CommandSpan) (context.Context, func()) {
	e.reach("batch")
	return ctx, func() { e.reach("end of the batch") }
}

func (e *exiting) Commit(context.Context, committer.CommitInfo, []pipeline.CommandSpan) func(error) {
	e.reach("commit")
	return func(error) { e.reach("answer") }
}

func (e *exiting) End(command.Result, error) { e.reach("span") }

// Whatever of a tracer ends the goroutine of all commands, none is left without a verdict.
func TestTracerThatEndsTheGoroutine(t *testing.T) {
	for _, place := range []string{"batch", "end of the batch", "commit", "answer", "span"} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pipeline.New(pipeline.Config{Tracer: &exiting{place}}, memlog.New())
				first, second := p.Submit(t.Context(), one), p.Submit(t.Context(), one)
				if err := p.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				for _, f := range []*pipeline.Future{first, second, p.Submit(t.Context(), one)} {
					if _, err := f.Wait(t.Context()); err != nil && !errors.Is(err, pipeline.ErrStuck) {
						t.Errorf("got %v", err)
					}
				}
				if err := p.Close(t.Context()); !errors.Is(err, pipeline.ErrStuck) {
					t.Errorf("Close: %v", err)
				}
			})
		})
	}
}

// losing is a log whose commits are lost as soon as they are made.
type losing struct{ *memlog.Log }

func (losing) Append(context.Context, *committer.Commit, *committer.Link) error {
	return &committer.Failure{Class: committer.Lost, Row: -1, Err: errGone}
}

// Why writing stopped at first is not forgotten when the hook that hears of it ends the goroutine of all commands.
func TestHookOfTheStopThatEndsTheGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := committer.Hooks{Stopped: func(error) { runtime.Goexit() }}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Hooks: hooks}}, losing{memlog.New()})
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); !errors.Is(err, pipeline.ErrStuck) {
			t.Errorf("got %v", err)
		}
		if stopped := p.Stats().Stopped; !errors.Is(stopped, command.ErrLostCommits) {
			t.Errorf("stopped because of %v", stopped)
		}
		if err := p.Close(t.Context()); !errors.Is(err, pipeline.ErrStuck) {
			t.Errorf("Close: %v", err)
		}
	})
}
