package committer

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Log is what the committer needs of a store: a chain of commits that one can look at and append to. Package pg keeps it in
// PostgreSQL, memlog in memory. The committer calls Append and Sync from as many goroutines as it has commits in flight, and everything else
// from one at a time; AppendRow and ReadRow are called by any.
type Log interface {
	// AppendRow appends the log's own encoding of an event to dst. The event has an ID and passed command.Check. Position, version
	// and time are not known yet: they come with the Row that carries the encoding.
	AppendRow(dst []byte, stream string, event command.Event) []byte

	// ReadRow is the event that AppendRow made a row of.
	ReadRow(row []byte) (command.Event, error)

	// Look reads what a Query asks in one snapshot; the records may be of a later one. An error may be a *Failure: of class Lost
	// when Query.Since is not in the log, Replaced when it is not the log that it was at first.
	Look(ctx context.Context, query Query) (Snapshot, error)

	// Append adds a commit right behind its parent, atomically and durably, and returns when the log's answer is known or lost.
	// Any error is a *Failure, whose class tells what is certain; it is Transient if ctx ended before anything was sent. After
	// InDoubt the same commit may be appended again, on whatever connection there is: it takes effect once at most. When that
	// succeeds, or finds that the log Moved, the earlier attempt cannot take effect any more.
	//
	// When Append returns an error that is not InDoubt, nothing of the attempt is left that could hold up another one.
	Append(ctx context.Context, commit *Commit, link *Link) error

	// Successor is the commit that follows a position, if there is one.
	Successor(ctx context.Context, position int64) (id uuid.UUID, found bool, err error)

	// Sync returns nil when everything committed so far is as durable as the log's settings ask for.
	Sync(ctx context.Context) error
}

// Point is a place between two commits: the position at which a commit ends, and the identity of that commit.
type Point struct {
	Position int64
	Commit   uuid.UUID
}

// Query asks for a snapshot of the log.
type Query struct {
	Since   Point       // what the caller knows already; the zero Point when it knows nothing
	Streams []string    // whose versions are asked for, each once
	IDs     []uuid.UUID // of commands that may have been recorded
}

// Snapshot answers a Query.
type Snapshot struct {
	End       Point                   // of the log
	EndTime   time.Time               // of the commit that ends there
	Versions  []int64                 // of Query.Streams, in their order; 0 for a stream that does not exist
	Moved     []command.StreamVersion // streams with events behind Query.Since; none where that is the zero Point
	Forgotten bool                    // there are too many of them to tell: whatever the caller knew is void
	Records   map[uuid.UUID]Record
}

// Commit is what one transaction appends: rows that follow Parent, at least one.
type Commit struct {
	ID       uuid.UUID
	Parent   Point
	Time     time.Time // later than the parent's, in whole microseconds
	Commands int
	Rows     []Row    // at positions Parent.Position+1, +2, ...
	Records  []Record // of the commands with an ID, each once

	carried []Receiver // of the commands that wrote the rows, in their order; kept for Config.Trace only
}

// End is the point at which the log ends after the commit.
func (c *Commit) End() Point {
	return Point{Position: c.Parent.Position + int64(len(c.Rows)), Commit: c.ID}
}

// Link ties a commit to those in flight around it. A nil Link is a commit on its own.
type Link struct {
	// Owned is called, at most once and from within Append, when the commit's place is taken: no other commit can follow its
	// parent unless this one fails. From then on one that follows it may be appended.
	Owned func()

	// Await returns nil when the commit's parent is in the log, and an error when that will not happen. Append takes effect only
	// after it returned nil; on an error it undoes everything and is Transient. A nil Await: the parent is in the log.
	Await func(context.Context) error
}

// Row is one event and its place in its stream.
type Row struct {
	Stream  string
	Version int64
	Encoded []byte // by Log.AppendRow; read only
}

// Record keeps the result of a command with an ID.
type Record struct {
	ID          uuid.UUID
	Fingerprint command.Fingerprint
	First, Last int64
	Versions    []int64   // of the command's streams, in its order
	CommittedAt time.Time // Commit.Time of the commit that carries the record
}

// Class says what is certain about an attempt that did not succeed. Nothing was written but where the class says otherwise.
type Class uint8

const (
	// Transient: it may succeed when tried again.
	Transient Class = iota + 1
	// InDoubt: the answer to COMMIT was lost, or cannot be trusted. It may have been written.
	InDoubt
	// Moved: another commit follows the parent.
	Moved
	// Taken: an event stands at one of the positions already.
	Taken
	// Stale: the stream of Failure.Row has an event of that version already.
	Stale
	// Recorded: the ID of one of the commands is recorded already.
	Recorded
	// Refused: the database does not accept the data of Failure.Row, or of one that it does not name (-1).
	Refused
	// Lost: the parent is not in the log.
	Lost
	// Replaced: another log stands in the place of this one.
	Replaced
	// Permanent: trying again has no use before a person has changed something.
	Permanent
)

var classNames = [...]string{
	Transient: "transient", InDoubt: "in doubt", Moved: "log moved", Taken: "position taken", Stale: "stale version",
	Recorded: "command recorded", Refused: "refused", Lost: "lost commits", Replaced: "log replaced", Permanent: "permanent",
}

func (c Class) String() string { return classNames[c] }

// Failure is the error of a Log.
type Failure struct {
	Class Class
	Row   int    // index in Commit.Rows for Stale and Refused, -1 where the log cannot tell and for other classes
	Code  string // SQLSTATE, where there is one
	Err   error  // the cause, free of user data
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %v", f.Class, f.Err) }

func (f *Failure) Unwrap() error { return f.Err }

// Orphaned is the failure of an Append whose Link.Await returned err; nil for nil.
func Orphaned(err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Class: Transient, Row: -1, Err: err}
}
