package oteltrace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry/oteltrace"
)

// rig is a store in memory whose spans are kept.
type rig struct {
	*groupcommit.Store
	tracer trace.Tracer // of the callers
	spans  *tracetest.InMemoryExporter
}

func open(t *testing.T, config groupcommit.Config, options ...sdktrace.TracerProviderOption) *rig {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithSyncer(spans))...)
	config.Tracer = oteltrace.New(provider)
	store, err := groupcommit.OpenInMemory(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(context.Background()), provider.Shutdown(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return &rig{Store: store, tracer: provider.Tracer("test"), spans: spans}
}

// take waits until everything is told and gives the spans that have ended, by name.
func (r *rig) take(t *testing.T) map[string][]tracetest.SpanStub {
	t.Helper()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	byName := make(map[string][]tracetest.SpanStub)
	for _, span := range r.spans.GetSpans() {
		byName[span.Name] = append(byName[span.Name], span)
	}
	r.spans.Reset()
	return byName
}

func attribute(span tracetest.SpanStub, key string) string {
	for _, a := range span.Attributes {
		if string(a.Key) == "groupcommit."+key || string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func linked(span tracetest.SpanStub, to trace.SpanContext) bool {
	return slices.ContainsFunc(span.Links, func(l sdktrace.Link) bool { return l.SpanContext.SpanID() == to.SpanID() })
}

var happened = groupcommit.JSON("Happened", "secret")

// Without a provider it is the global one that hears.
func TestGlobalProviderIsTheDefault(t *testing.T) {
	before := otel.GetTracerProvider()
	defer otel.SetTracerProvider(before)
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	span := oteltrace.New(nil).Submit(t.Context(), &groupcommit.Command{})
	span.End(groupcommit.Result{}, nil)
	if got := spans.GetSpans(); len(got) != 1 || got[0].Name != "groupcommit.command" {
		t.Errorf("%v", got)
	}
}

// Commands of several callers travel in one commit: each is linked to it, and the batch to each.
func TestCommandsAreLinkedToTheirCommit(t *testing.T) {
	r := open(t, groupcommit.Config{NoEager: true, Linger: time.Hour})
	var futures []*groupcommit.Future
	var callers []trace.SpanContext
	id := uuid.New()
	for i := range 3 {
		ctx, span := r.tracer.Start(t.Context(), "caller")
		cmd := groupcommit.To(fmt.Sprint("stream-", i), groupcommit.NoStream, happened, happened)
		if i == 0 {
			cmd.ID = id
		}
		futures = append(futures, r.Submit(ctx, cmd))
		callers = append(callers, span.SpanContext())
		span.End()
	}
	spans := r.take(t)
	commands, batches, commits := spans["groupcommit.command"], spans["groupcommit.batch"], spans["groupcommit.commit"]
	if len(commands) != 3 || len(batches) != 1 || len(commits) != 1 {
		t.Fatalf("got %d commands, %d batches, %d commits", len(commands), len(batches), len(commits))
	}
	batch, commit := batches[0], commits[0]
	for i, c := range commands {
		result, err := futures[i].Result()
		if err != nil {
			t.Fatal(err)
		}
		if c.Parent.SpanID() != callers[i].SpanID() || c.SpanContext.TraceID() != callers[i].TraceID() || !linked(c, commit.SpanContext) {
			t.Errorf("command %d: parent %v, links %v", i, c.Parent, c.Links)
		}
		if attribute(c, "first") != fmt.Sprint(result.First) || attribute(c, "events") != "2" || c.Status.Code != codes.Unset {
			t.Errorf("command %d: %v, %v", i, c.Attributes, c.Status)
		}
		if i > 0 && !linked(batch, c.SpanContext) {
			t.Errorf("the batch is not linked to command %d", i)
		}
		if c.EndTime.Before(commit.EndTime) {
			t.Errorf("command %d ends before its commit", i)
		}
	}
	if batch.Parent.SpanID() != commands[0].SpanContext.SpanID() || commit.Parent.SpanID() != batch.SpanContext.SpanID() {
		t.Errorf("parents: batch %v, commit %v", batch.Parent, commit.Parent)
	}
	if attribute(commands[0], "command_id") != id.String() || attribute(batch, "reason") != "flush" || attribute(commit, "events") != "6" {
		t.Errorf("attributes: %v, %v, %v", commands[0].Attributes, batch.Attributes, commit.Attributes)
	}
}

// What fails is marked by its kind. A command that wrote nothing is linked to no commit.
func TestErrorsAreMarked(t *testing.T) {
	r := open(t, groupcommit.Config{})
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		ctx  context.Context
		cmd  groupcommit.Command
		kind string
	}{
		{t.Context(), groupcommit.To("stream", groupcommit.Exact(7), happened), "*command.ConflictError"},
		{t.Context(), groupcommit.To("stream", groupcommit.Any), "*command.InvalidError"},
		{ended, groupcommit.To("stream", groupcommit.Any, happened), "ErrNotWritten"},
	} {
		if _, err := r.Append(c.ctx, c.cmd); err == nil {
			t.Fatal("no error")
		}
		spans := r.take(t)["groupcommit.command"]
		if len(spans) != 1 || attribute(spans[0], "error.type") != c.kind || spans[0].Status.Code != codes.Error || len(spans[0].Links) > 0 {
			t.Errorf("%s: got %+v", c.kind, spans)
		}
	}
}

// remote is the context of a caller that is sampled.
func remote(t *testing.T) context.Context {
	return trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
	}))
}

// A caller that is not sampled leaves no span, and its commands travel with others all the same.
func TestSampling(t *testing.T) {
	r := open(t, groupcommit.Config{NoEager: true, Linger: time.Hour}, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	submit := func(ctx context.Context) *groupcommit.Future {
		return r.Submit(ctx, groupcommit.To("stream", groupcommit.Any, happened))
	}
	submit(t.Context())
	if spans := r.take(t); len(spans) > 0 {
		t.Errorf("got %v", spans)
	}
	submit(t.Context())
	submit(remote(t))
	spans := r.take(t)
	if len(spans["groupcommit.command"]) != 1 || len(spans["groupcommit.batch"]) != 1 || len(spans["groupcommit.commit"]) != 1 {
		t.Fatalf("got %v", spans)
	}
	if batch := spans["groupcommit.batch"][0]; attribute(batch, "commands") != "2" || attribute(batch, "commands_traced") != "1" {
		t.Errorf("got %v", batch.Attributes)
	}
}

// No span holds what users wrote, nor what they call their streams.
func TestSpansKeepSecrets(t *testing.T) {
	r := open(t, groupcommit.Config{})
	for range 2 { // the second finds the stream there
		_, _ = r.Append(t.Context(), groupcommit.To("secret", groupcommit.NoStream, groupcommit.JSON("secret", "secret")))
	}
	for _, spans := range r.take(t) {
		for _, span := range spans {
			if strings.Contains(fmt.Sprintf("%+v", span), "secret") {
				t.Errorf("a span tells secrets: %+v", span)
			}
		}
	}
}
