package oteltrace

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/groupcommit/groupcommit"
)

// scope is the name of the instrumentation.
const scope = "github.com/groupcommit/groupcommit"

// tracer is a groupcommit.Tracer.
type tracer struct{ spans trace.Tracer }

// New makes a tracer for groupcommit.Config. One may serve several stores. The provider defaults to the global one of OpenTelemetry where it is nil.
func New(provider trace.TracerProvider) groupcommit.Tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return &tracer{spans: provider.Tracer(scope)}
}

// commandSpan is the span of a command. From when a batch takes the command it belongs to the one goroutine that does the work.
type commandSpan struct {
	span   trace.Span
	batch  trace.Span        // nil while no batch has taken the command
	commit trace.SpanContext // that was sent with the command last; invalid while none was
}

func (t *tracer) Submit(ctx context.Context, cmd *groupcommit.Command) groupcommit.CommandSpan {
	_, span := t.spans.Start(ctx, "groupcommit.command", trace.WithSpanKind(trace.SpanKindProducer))
	if !span.IsRecording() {
		return nil
	}
	events := 0
	for i := range cmd.Streams {
		events += len(cmd.Streams[i].Events)
	}
	span.SetAttributes(attribute.Int("groupcommit.streams", len(cmd.Streams)), attribute.Int("groupcommit.events", events))
	if cmd.ID != uuid.Nil {
		span.SetAttributes(attribute.String("groupcommit.command_id", cmd.ID.String()))
	}
	return &commandSpan{span: span}
}

// End implements groupcommit.CommandSpan.
func (c *commandSpan) End(result groupcommit.Result, err error) {
	defer c.span.End()
	if err != nil {
		fail(c.span, err)
		return
	}
	c.span.SetAttributes(
		attribute.Int64("groupcommit.first", result.First),
		attribute.Int64("groupcommit.last", result.Last),
		attribute.Bool("groupcommit.duplicate", result.Duplicate),
	)
	if result.First > 0 && !result.Duplicate && c.commit.IsValid() { // it may have written something the first time, and nothing when it was judged again
		c.span.AddLink(trace.Link{SpanContext: c.commit})
	}
}

// maxLinks is how many commands a batch is linked to: what OpenTelemetry keeps of a span unless told otherwise.
const maxLinks = 128

func (t *tracer) Batch(ctx context.Context, info groupcommit.BatchInfo, commands []groupcommit.CommandSpan) (context.Context, func()) {
	var links []trace.Link
	for _, c := range commands[1:min(len(commands), maxLinks+1)] { // the first is its parent
		links = append(links, trace.Link{SpanContext: c.(*commandSpan).span.SpanContext()})
	}
	parent := commands[0].(*commandSpan).span
	ctx, span := t.spans.Start(trace.ContextWithSpan(ctx, parent), "groupcommit.batch", trace.WithLinks(links...), trace.WithAttributes(
		attribute.Int("groupcommit.commands", info.Commands),
		attribute.Int("groupcommit.commands_traced", len(commands)),
		attribute.Int("groupcommit.bytes", info.Bytes),
		attribute.String("groupcommit.reason", info.Reason),
	))
	for _, c := range commands {
		c.(*commandSpan).batch = span
	}
	return ctx, func() { span.End() }
}

func (t *tracer) Commit(ctx context.Context, info groupcommit.CommitInfo, commands []groupcommit.CommandSpan) func(error) {
	parent := commands[0].(*commandSpan).batch // ctx may be that of a batch in which nothing is traced
	_, span := t.spans.Start(trace.ContextWithSpan(ctx, parent), "groupcommit.commit", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.Int64("groupcommit.first", info.First),
		attribute.Int("groupcommit.commands", info.Commands),
		attribute.Int("groupcommit.events", info.Events),
		attribute.Int("groupcommit.bytes", info.Bytes),
	))
	for _, c := range commands {
		c.(*commandSpan).commit = span.SpanContext()
	}
	return func(err error) {
		if err != nil {
			fail(span, err)
		}
		span.End()
	}
}

// fail marks a span by the kind of error, whose text may name streams.
func fail(span trace.Span, err error) {
	kind := kindOf(err)
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, kind)
}
