package oteltrace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// counter is a decider whose state is how many events there are.
var counter = decider.New(func(n int, _ groupcommit.RecordedEvent) (int, error) { return n + 1, nil })

// Decisions divide a batch into two commits: each command is linked to the one that carries it, and one that writes nothing to none.
func TestDividedBatch(t *testing.T) {
	r := open(t, groupcommit.Config{NoEager: true, Linger: time.Hour, BatchBytes: 2000})
	large := groupcommit.JSON("Happened", strings.Repeat("x", 4000))
	var futures []*groupcommit.Future
	decide := func(stream string, events ...groupcommit.Event) {
		at := counter.At(stream)
		futures = append(futures, decider.Submit(t.Context(), r.Store, func(d *decider.Decision) error { at.Append(d, events...); return nil }, at))
	}
	decide("empty")
	decide("first", large)
	decide("second", large)

	spans := r.take(t)
	commands, commits := spans["groupcommit.command"], spans["groupcommit.commit"]
	if len(commands) != 3 || len(spans["groupcommit.batch"]) != 1 || len(commits) != 2 {
		t.Fatalf("got %d commands, %d batches, %d commits", len(commands), len(spans["groupcommit.batch"]), len(commits))
	}
	for i, f := range futures {
		result, err := f.Result()
		if err != nil {
			t.Fatal(err)
		}
		command := withFirst(commands, result.First)
		if i == 0 {
			if len(command.Links) > 0 {
				t.Errorf("what wrote nothing is linked to %v", command.Links)
			}
			continue
		}
		if commit := withFirst(commits, result.First); len(command.Links) != 1 || !linked(command, commit.SpanContext) {
			t.Errorf("command %d: links %v, its commit is %v", i, command.Links, commit.SpanContext)
		}
	}
}

func withFirst(spans []tracetest.SpanStub, first int64) tracetest.SpanStub {
	for _, span := range spans {
		if attribute(span, "first") == fmt.Sprint(first) {
			return span
		}
	}
	return tracetest.SpanStub{}
}

// What was set aside from several batches goes on in one commit. It is seen by who is sampled, also where the first of the batches is not.
func TestCommitOfSeveralBatches(t *testing.T) {
	judged, release := make(chan struct{}, 100), make(chan struct{})
	config := groupcommit.Config{Upcast: func(e groupcommit.RecordedEvent) (groupcommit.RecordedEvent, error) { <-release; return e, nil }}
	config.Hooks.Judged = func(groupcommit.JudgeInfo) { judged <- struct{}{} }
	r := open(t, config, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	if _, err := r.Append(t.Context(), groupcommit.To("discovered", groupcommit.Any, happened)); err != nil {
		t.Fatal(err)
	}
	<-judged

	ctx, sampled := t.Context(), remote(t)
	var futures []*groupcommit.Future
	for _, stream := range []string{"unsampled", "sampled"} {
		at := counter.At(stream)
		futures = append(futures, decider.Submit(ctx, r.Store, func(d *decider.Decision) error {
			counter.At("discovered").State(d) // it has to be loaded first
			at.Append(d, happened)
			return nil
		}, at))
		<-judged // and is set aside
		ctx = sampled
	}
	close(release)
	if _, err := groupcommit.WaitAll(t.Context(), futures...); err != nil {
		t.Fatal(err)
	}
	spans := r.take(t)
	commands, batches, commits := spans["groupcommit.command"], spans["groupcommit.batch"], spans["groupcommit.commit"]
	if len(commands) != 1 || len(batches) != 1 || len(commits) != 1 {
		t.Fatalf("got %d commands, %d batches, %d commits", len(commands), len(batches), len(commits))
	}
	if !linked(commands[0], commits[0].SpanContext) || commits[0].Parent.SpanID() != batches[0].SpanContext.SpanID() {
		t.Errorf("the command's links are %v, the commit's parent is %v", commands[0].Links, commits[0].Parent)
	}
	if commands[0].Parent.SpanID() != trace.SpanContextFromContext(sampled).SpanID() {
		t.Errorf("the command's parent is %v", commands[0].Parent)
	}
}
