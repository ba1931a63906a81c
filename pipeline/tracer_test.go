package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// notes is a tracer that writes down what it hears. Only commands on streams other than "untraced" are traced.
type notes struct{ lines []string }

func (n *notes) note(format string, args ...any) {
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) take(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(n.lines, want) {
		t.Errorf("got  %q\nwant %q", n.lines, want)
	}
	n.lines = nil
}

type callerKey struct{}

type batchKey struct{}

func (n *notes) Submit(ctx context.Context, cmd *command.Command) pipeline.CommandSpan {
	if stream := cmd.Streams[0].Stream; stream != "untraced" {
		n.note("%v submits %s", ctx.Value(callerKey{}), stream)
		return noted{n, stream}
	}
	return nil
}

func (n *notes) Batch(ctx context.Context, batch pipeline.BatchInfo, commands []pipeline.CommandSpan) (context.Context, func()) {
	name := fmt.Sprintf("batch of %d, %d traced", batch.Commands, len(commands))
	n.note("%s, %s", name, batch.Reason)
	return context.WithValue(ctx, batchKey{}, name), func() { n.note("end of %s", name) }
}

func (n *notes) Commit(ctx context.Context, commit committer.CommitInfo, commands []pipeline.CommandSpan) func(error) {
	var carried []string
	for _, c := range commands {
		carried = append(carried, c.(noted).stream)
	}
	n.note("commit of %v, one of %d, at %d in %v", carried, commit.Commands, commit.First, ctx.Value(batchKey{}))
	return func(err error) { n.note("answer: %v", err) }
}

type noted struct {
	notes  *notes
	stream string
}

func (n noted) End(result command.Result, err error) {
	verdict := "committed"
	switch {
	case errors.Is(err, command.ErrNotWritten):
		verdict = "not written"
	case err != nil:
		verdict = fmt.Sprintf("%T", err)
	}
	n.notes.note("%s ends: %s at %d", n.stream, verdict, result.First)
}

func TestTracer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{}
		log := &failing{Log: memlog.New()}
		p := pipeline.New(pipeline.Config{Tracer: n}, log)
		ctx := context.WithValue(t.Context(), callerKey{}, "somebody")
		event := command.Event{Type: "Happened"}
		submit := func(cmd command.Command) {
			_, _ = p.Submit(ctx, cmd).Wait(t.Context())
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}

		submit(command.To("a", command.Any, event))
		n.take(t, "somebody submits a", "batch of 1, 1 traced, eager", "commit of [a], one of 1, at 1 in batch of 1, 1 traced", "answer: <nil>",
			"a ends: committed at 1", "end of batch of 1, 1 traced")

		submit(command.To("untraced", command.Any, event))
		n.take(t)

		submit(command.To("a", command.NoStream, event))
		n.take(t, "somebody submits a", "batch of 1, 1 traced, eager", "a ends: *command.ConflictError at 0", "end of batch of 1, 1 traced")

		submit(command.To("b", command.Any))
		n.take(t, "somebody submits b", "b ends: *command.InvalidError at 0")

		log.failures = []error{&committer.Failure{Class: committer.Transient, Row: -1, Err: errGone}}
		submit(command.To("c", command.NoStream, event))
		n.take(t, "somebody submits c", "batch of 1, 1 traced, eager",
			"commit of [c], one of 1, at 3 in batch of 1, 1 traced", "answer: transient: the caller is gone",
			"commit of [c], one of 1, at 3 in batch of 1, 1 traced", "answer: <nil>",
			"c ends: committed at 3", "end of batch of 1, 1 traced")

		ended, end := context.WithCancel(ctx)
		end()
		_, _ = p.Submit(ended, command.To("d", command.Any, event)).Wait(t.Context())
		n.take(t, "somebody submits d", "d ends: not written at 0")
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// falling is a log in memory whose first commit fails when it is let, with another one behind it.
type falling struct {
	*memlog.Log
	fall   chan struct{}
	fallen bool
}

func (l *falling) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	if commit.Parent.Position > 0 || l.fallen {
		return l.Log.Append(ctx, commit, link)
	}
	l.fallen = true
	link.Owned()
	<-l.fall
	return &committer.Failure{Class: committer.Transient, Row: -1, Err: errGone}
}

// Behind a commit that fails, each batch is worked on under the context of its own.
func TestTracerInAChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &notes{}
		log := &falling{Log: memlog.New(), fall: make(chan struct{})}
		p := pipeline.New(pipeline.Config{Tracer: n}, log)
		event := command.Event{Type: "Happened"}
		first := p.Submit(t.Context(), command.To("untraced", command.NoStream, event))
		synctest.Wait()
		second := p.Submit(t.Context(), command.To("a", command.NoStream, event))
		time.Sleep(time.Second) // it lingers, and is in flight
		close(log.fall)
		for _, f := range []*pipeline.Future{first, second} {
			if _, err := f.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.take(t, "<nil> submits a", "batch of 1, 1 traced, linger", "commit of [a], one of 1, at 2 in batch of 1, 1 traced",
			"answer: transient: the commit before it did not succeed",
			"commit of [a], one of 1, at 2 in batch of 1, 1 traced", "answer: <nil>", "a ends: committed at 2", "end of batch of 1, 1 traced")
	})
}
