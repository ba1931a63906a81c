package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/reading"
	"github.com/groupcommit/groupcommit/stats"
)

// What a caller hands in and gets back. Package command describes each of them in full (go doc github.com/groupcommit/groupcommit/command.Event);
// Future is package pipeline's.
type (
	Command       = command.Command       // what to append, and what must hold for it
	StreamWrite   = command.StreamWrite   // the part of a command that concerns one stream
	Event         = command.Event         // something that happened, as handed in
	Metadata      = command.Metadata      // the standard keys of an event's metadata
	Expect        = command.Expect        // what is expected of a stream's version
	Result        = command.Result        // what a command wrote
	StreamVersion = command.StreamVersion // a stream and its version
	RecordedEvent = command.RecordedEvent // an event as the log holds it
	Future        = pipeline.Future       // the verdict on a command, once it is there
)

// What a command may expect of a stream.
const (
	Any          = command.Any          // nothing
	NoStream     = command.NoStream     // that it has no event
	StreamExists = command.StreamExists // that it has at least one event
)

// Exact expects a stream to be at exactly this version. Exact(0) is NoStream.
func Exact(version int64) Expect { return command.Exact(version) }

// To is a command that appends events to one stream.
func To(stream string, expect Expect, events ...Event) Command {
	return command.To(stream, expect, events...)
}

// JSON makes an event whose data is the JSON encoding of value.
func JSON(eventType string, value any) Event { return command.JSON(eventType, value) }

// ParseMetadata reads the standard keys from an event's metadata.
func ParseMetadata(data []byte) (Metadata, error) { return command.ParseMetadata(data) }

// DataType is what the data of a log's events is kept as. Package command describes the two.
type DataType = command.DataType

// What Config.DataType may be.
const (
	DataJSONB = command.DataJSONB // JSON; it comes back as equal JSON, and SQL can look into it
	DataBytea = command.DataBytea // any bytes; they come back as they were
)

// What went wrong, where the caller acts on the details. Package command describes the fields.
type (
	ConflictError = command.ConflictError // a stream was not at the expected version
	InvalidError  = command.InvalidError  // the command cannot be accepted as it is
	RejectedError = command.RejectedError // the database refused the data
	ReusedIDError = command.ReusedIDError // a command with this ID took effect, with other content
	PanicError    = command.PanicError    // a decision panicked, or an effect of a projection
	EvolveError   = command.EvolveError   // an event cannot be folded to the state of its stream
	SchemaError   = command.SchemaError   // the schema or the role is not as needed
	SchemaProblem = command.SchemaProblem // the reason for a SchemaError
	SettingError  = command.SettingError  // a setting of the database is not as needed
)

// What went wrong, where the state says it all.
var (
	ErrQueueFull      = command.ErrQueueFull      // no room, and TrySubmit does not wait
	ErrNotWritten     = command.ErrNotWritten     // certainly not written; submitting again is safe
	ErrOutcomeUnknown = command.ErrOutcomeUnknown // the database stayed away with the answer
	ErrClosed         = command.ErrClosed         // the store takes no more commands
	ErrForeignRow     = command.ErrForeignRow     // somebody else wrote into the log; writing has stopped
	ErrLostCommits    = command.ErrLostCommits    // the database lost commits; writing has stopped
	ErrDamaged        = command.ErrDamaged        // a read has met a hole in the log; a person has to look
	ErrUnavailable    = command.ErrUnavailable    // the database cannot be read now; try again
	ErrStuck          = pipeline.ErrStuck         // Close: a decision has never come back
	ErrPending        = command.ErrPending        // Future.Result was called before the verdict was there
)

// What can be wrong with a schema.
const (
	SchemaName       = command.SchemaName       // a name that is not accepted
	SchemaMissing    = command.SchemaMissing    // never migrated
	SchemaOlder      = command.SchemaOlder      // migrate it
	SchemaNewer      = command.SchemaNewer      // upgrade this program
	SchemaDataType   = command.SchemaDataType   // created with another DataType than is asked for
	SchemaPrivileges = command.SchemaPrivileges // the role may not do what is needed
	SchemaReadOnly   = command.SchemaReadOnly   // a standby, or a session that may not write
	SchemaRowLevel   = command.SchemaRowLevel   // rows would be hidden
	SchemaAltered    = command.SchemaAltered    // what keeps the log whole was taken from it
	SchemaPooler     = command.SchemaPooler     // sessions are not kept
)

// What Config.Tracer is made of. Package pipeline describes it.
type (
	Tracer      = pipeline.Tracer      // opens spans
	CommandSpan = pipeline.CommandSpan // the span of one command
	BatchInfo   = pipeline.BatchInfo   // a batch, as told to Tracer.Batch
)

// Stats is what Store.Stats tells. Package stats describes it field by field.
type Stats = stats.Stats

// What Config.Hooks is made of. Package committer describes it, and the classes of failures.
type (
	Hooks        = committer.Hooks       // functions that are told what happens inside
	OverrunInfo  = committer.OverrunInfo // a decision that took too long, as told to Hooks.Overran
	JudgeInfo    = committer.JudgeInfo   // the judgement of a batch, as told to Hooks.Judged
	CommitInfo   = committer.CommitInfo  // a group commit, as told to Hooks.Committed
	FailureClass = committer.Class       // what is certain about a failed attempt, as told to Hooks.Failed
	Settlement   = committer.Settlement  // the end of a doubt, as told to Hooks.Settled
)

// Store is an event store: it writes, and reads with the methods of reading.Reader: ReadStream, ReadAll, ReadStreams, Subscribe, StreamVersion, End and
// more, which stand there. All its methods may be called by any number of goroutines.
type Store struct {
	*reading.Reader
	reads        reading.Owner
	pipeline     *pipeline.Pipeline
	log          log
	connections  func() (used stats.Pool, losses uint64) // nil without a database
	release      func()
	closeTimeout time.Duration
}

// log is what a store needs of the place where events are kept: package pg's or memlog's.
type log interface {
	committer.Log
	reading.Log
	Verify(ctx context.Context) (VerifyReport, error)
	Ping(ctx context.Context) error
}

// Stats tells what the store has done since it was opened, and where it stands. It takes some ten microseconds, asks the database nothing, and
// may be called after Close. With Config.NoStats the counts stay zero, but for States.
func (s *Store) Stats() Stats {
	now := s.pipeline.Stats()
	if s.connections != nil {
		now.Pool, now.Losses = s.connections()
	}
	return now
}

// Deciding is for how long the decision that is being asked has been running, 0 when there is none. Everybody waits for it: when it is long,
// the store is not ready, and only the end of the process helps.
func (s *Store) Deciding() time.Duration { return s.pipeline.Deciding() }

// Ping returns nil when commands can be written and events read as far as the database is concerned: it answers, and schema, role and privileges
// are as needed. Otherwise it returns a *SchemaError, or an error that says why the database did not answer. It does not take part in the
// work of the queue, whose state is in Stats.
func (s *Store) Ping(ctx context.Context) error { return s.log.Ping(ctx) }

// Submit hands a command in and returns its future, which is never nil: a command that is refused gives a future that has
// already failed. It waits only for room in the queue.
//
// Until a batch takes the command, also after Submit has returned, the end of ctx withdraws it, and it is certainly not
// written. After that only waiting can end. The commands of one goroutine take effect in the order of its calls.
func (s *Store) Submit(ctx context.Context, cmd Command) *Future { return s.pipeline.Submit(ctx, cmd) }

// TrySubmit is Submit without the waiting: where the queue is full, the future has failed with ErrQueueFull.
func (s *Store) TrySubmit(ctx context.Context, cmd Command) *Future {
	return s.pipeline.TrySubmit(ctx, cmd)
}

// Append submits a command and waits for its verdict.
func (s *Store) Append(ctx context.Context, cmd Command) (Result, error) {
	return s.Submit(ctx, cmd).Wait(ctx)
}

// Flush returns when every command whose Submit returned before the call has its verdict, or with the error of ctx. What is
// queued does not linger.
func (s *Store) Flush(ctx context.Context) error { return s.pipeline.Flush(ctx) }

// Close stops admission and returns when every command has its verdict and all is released; reads under way end with ErrClosed. It waits no longer
// than ctx and Config.CloseTimeout allow. Then what was not yet sent fails as not written, what is in doubt as unknown, and where there was any of that
// Close returns an error that wraps why it did not wait, such as context.DeadlineExceeded. It is ErrStuck when a decider never came back.
//
// It may be called again, and by several goroutines. Each call waits for the same end, which any of them may hasten, and returns the same: nil says
// that nothing was given up, whoever asks.
func (s *Store) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.closeTimeout)
	defer cancel()
	err := s.pipeline.Close(ctx)
	s.reads.Stop()
	s.release()
	return err
}

// WaitAll waits for all futures and returns their results in order. The error joins those of the futures that failed, or are nil; their
// results are zero.
func WaitAll(ctx context.Context, futures ...*Future) ([]Result, error) {
	results := make([]Result, len(futures))
	failed := make([]error, len(futures))
	for i, f := range futures {
		if f == nil {
			failed[i] = fmt.Errorf("groupcommit: the future at index %d is nil", i)
			continue
		}
		results[i], failed[i] = f.Wait(ctx)
	}
	return results, errors.Join(failed...)
}
