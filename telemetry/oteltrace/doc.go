// Package oteltrace shows the way of commands as OpenTelemetry spans:
//
//	groupcommit.Open(ctx, groupcommit.Config{Tracer: oteltrace.New(otel.GetTracerProvider())})
//
// What a trace shows:
//
//	the caller's span
//	└── groupcommit.command    from Submit to the verdict; linked to the commit that carried its events, if it wrote any
//	    └── groupcommit.batch      from when a batch was taken until all of it was told
//	        └── groupcommit.commit     each time that a commit was sent, until the answer
//
// A batch carries commands of many traces. Its span is part of the trace of the first of its commands that is sampled, and linked to the others,
// so that whoever sees one command finds the batch and the commit. Usually a batch is one commit. Decisions may divide it into several, and those
// that had to wait for something may go on with such of other batches: a commit is shown in the batch of the first sampled command that it carries.
// A command whose caller is not sampled costs a question; a batch or a commit without any sampled command has no span.
//
// Attributes hold numbers and the command's ID, never names of streams or anything of an event.
package oteltrace
