package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The states that a command can end in without a result. What a caller does on each:
//
//   - ErrQueueFull: TrySubmit found no room. Nothing was written; shed load or try later.
//   - ErrNotWritten: certainly not written, and no fault of the command. Submitting it again is safe.
//   - ErrOutcomeUnknown: the database went away around COMMIT and did not come back in time. A command with an ID is submitted
//     again as it is; without one, read the streams before deciding.
//   - ErrClosed: the store no longer takes commands. Nothing was written.
//   - ErrForeignRow: a row that no commit accounts for. Writing has stopped; a person has to look.
//   - ErrLostCommits: the database no longer has commits that it had acknowledged, after a failover to a standby that was behind, say, or a
//     restore, or another log stands in its place. What callers were told of the lost commits does not hold any more. Writing has stopped; a
//     person has to look, and opens the store anew. Config.AcceptLostCommits goes on instead.
//   - ErrDamaged: a read has met a hole in the log, where a position or a version is missing. It has stepped over nothing; a person has to look, and
//     Verify tells what else is wrong.
//   - ErrUnavailable: a read could not be made now, because the database cannot be reached or has no room. Nothing is wrong with it; try again.
//   - ErrPending: Result was called before the verdict was there.
var (
	ErrQueueFull      = errors.New("groupcommit: the queue is full")
	ErrNotWritten     = errors.New("groupcommit: not written")
	ErrOutcomeUnknown = errors.New("groupcommit: the outcome is unknown")
	ErrClosed         = errors.New("groupcommit: closed")
	ErrForeignRow     = errors.New("groupcommit: a row that no commit accounts for stands where the log goes on")
	ErrLostCommits    = errors.New("groupcommit: the database no longer has commits that it acknowledged")
	ErrDamaged        = errors.New("groupcommit: the log is damaged")
	ErrUnavailable    = errors.New("groupcommit: the database cannot be read now")
	ErrPending        = errors.New("groupcommit: the command has no verdict yet")
)

// ConflictError says that a stream was not at the version that the command expected. Nothing was written. It is the first
// such stream in the command's order, and Actual is its committed version at the place in the log where the command was judged.
type ConflictError struct {
	Stream   string
	Expected Expect
	Actual   int64
}

func (e *ConflictError) Error() string {
	expected, actual := "expected "+e.Expected.String(), fmt.Sprintf("is at version %d", e.Actual)
	if e.Expected == StreamExists {
		expected = "expected it to exist"
	}
	if e.Actual == 0 {
		actual = "does not exist"
	}
	return fmt.Sprintf("groupcommit: conflict on stream %q: %s, but it %s", e.Stream, expected, actual)
}

// InvalidError says that a command cannot be accepted as it is. It is told at once; nothing was written, and submitting the same
// command again has no use.
type InvalidError struct {
	Field  string // where, as a path: "Streams[0].Events[2].Data"
	Reason string // what is wrong and what would be right
	Limit  int    // the limit that was exceeded, with its unit in Reason; 0 where it was none
	Err    error  // the cause, where there is one
}

func (e *InvalidError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("groupcommit: invalid command: %s: %s: %v", e.Field, e.Reason, e.Err)
	}
	return fmt.Sprintf("groupcommit: invalid command: %s: %s", e.Field, e.Reason)
}

func (e *InvalidError) Unwrap() error { return e.Err }

// RejectedError says that the database refused the data of a command that had passed every check before. Nothing of the
// command was written; its neighbours were not touched.
type RejectedError struct {
	Code string // SQLSTATE
	Err  error  // the database's message, without any of the data
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("groupcommit: the database refused the command (SQLSTATE %s): %v", e.Code, e.Err)
}

func (e *RejectedError) Unwrap() error { return e.Err }

// ReusedIDError says that a command with this ID has taken effect, and that it was not this one: its streams, expectations or
// events were others. Nothing was written now.
//
// Either two commands were given one ID by mistake. Or this is a retry that was decided anew and came out differently, with another
// expected version or time in it: then First and Last tell what the first attempt wrote, and there is nothing left to do.
type ReusedIDError struct {
	ID          uuid.UUID
	First, Last int64     // positions of the events of the command that took effect
	CommittedAt time.Time // of its commit
}

func (e *ReusedIDError) Error() string {
	return fmt.Sprintf("groupcommit: command ID %s has taken effect at positions %d to %d, with other content", e.ID, e.First, e.Last)
}

// PanicError says that a decision, or the folding of events that it needs, panicked. Nothing of the command was written; its neighbours were
// not touched. Package projection says so of an Apply, a Handle or a Swap.
type PanicError struct {
	Value any    // that was given to panic
	Stack []byte // of the goroutine, as debug.Stack gives it
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("groupcommit: panic: %v", e.Value)
}

// Unwrap is the value, where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// EvolveError says that an event cannot be folded to the state of its stream. What needs the state cannot be decided; nothing of the command
// was written. Where the event is not recorded yet, it is one that the decision itself wanted to append.
type EvolveError struct {
	Stream  string
	Version int64 // of the event
	Type    string
	Err     error // of evolve, or of Config.Upcast
}

func (e *EvolveError) Error() string {
	return fmt.Sprintf("groupcommit: stream %q cannot be folded beyond version %d, %s: %v", e.Stream, e.Version-1, e.Type, e.Err)
}

func (e *EvolveError) Unwrap() error { return e.Err }

// SchemaError says why a database schema cannot be used. Open returns it and starts nothing.
type SchemaError struct {
	Schema  string
	Problem SchemaProblem
	Have    int64  // version found, where Problem is about versions
	Want    int64  // version needed, where Problem is about versions
	Detail  string // what was found and what to do
}

// SchemaProblem is a reason for a SchemaError.
type SchemaProblem string

// What can be wrong with a schema.
const (
	SchemaName       SchemaProblem = "invalid name"       // not a name that we accept
	SchemaMissing    SchemaProblem = "missing"            // never migrated
	SchemaOlder      SchemaProblem = "older"              // migrate it
	SchemaNewer      SchemaProblem = "newer"              // upgrade this program
	SchemaDataType   SchemaProblem = "other data type"    // created with another DataType than is asked for
	SchemaPrivileges SchemaProblem = "missing privileges" // the role may not do what is needed
	SchemaReadOnly   SchemaProblem = "read-only"          // a standby, or a session that may not write
	SchemaRowLevel   SchemaProblem = "row-level security" // rows would be hidden from us
	SchemaAltered    SchemaProblem = "altered"            // what keeps the log whole was taken from it
	SchemaPooler     SchemaProblem = "pooler"             // sessions are not kept
)

func (e *SchemaError) Error() string {
	return fmt.Sprintf("groupcommit: schema %q cannot be used: %s: %s", e.Schema, e.Problem, e.Detail)
}

// SettingError says that a setting of the server, the database or the role does not allow what is promised: that what is written is right,
// or, with Config.Strict, that what was acknowledged is durable.
type SettingError struct {
	Setting string
	Value   string // as the session has it
	Detail  string // what it means and what to do
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("groupcommit: the database's setting %s is %s: %s", e.Setting, e.Value, e.Detail)
}
