package oracle

import (
	"errors"

	"github.com/groupcommit/groupcommit/command"
)

// History is what happened to a log from outside.
type History struct {
	Attempts []Attempt
	Looks    []Look
}

// Attempt is a command that was submitted, and what became of it.
type Attempt struct {
	Command   uint64 // the same for all attempts of a command
	Submitter int    // the goroutine that called Submit
	Order     int    // of the calls of one submitter
	Streams   []Stream

	Submitted, Told int64 // when it was about to be submitted, and when the verdict was there

	Verdict  Verdict
	Result   command.Result         // when it has succeeded
	Conflict *command.ConflictError // when it has conflicted

	behind, ahead int64 // positions that the submitter's calls before and after it came to
}

// Stream is the part of a command that concerns one stream.
type Stream struct {
	Name   string
	Expect command.Expect
	Events int
}

// Streams are those of a command.
func Streams(cmd *command.Command) []Stream {
	streams := make([]Stream, len(cmd.Streams))
	for i := range cmd.Streams {
		s := &cmd.Streams[i]
		streams[i] = Stream{s.Stream, s.Expect, len(s.Events)}
	}
	return streams
}

// Verdict is what a submitter was told.
type Verdict uint8

// The verdicts.
const (
	Unknown    Verdict = iota // nothing, or that nobody knows
	Succeeded                 // Attempt.Result
	Conflicted                // Attempt.Conflict
	NotWritten                // that it was certainly not written
)

// VerdictOf is the verdict in the error of a future. It is not ok where it should not have come to that: the command was refused for another
// reason, or it has no verdict.
func VerdictOf(err error) (v Verdict, conflict *command.ConflictError, ok bool) {
	conflict, conflicted := errors.AsType[*command.ConflictError](err)
	switch {
	case err == nil:
		return Succeeded, nil, true
	case conflicted:
		return Conflicted, conflict, true
	case errors.Is(err, command.ErrOutcomeUnknown):
		return Unknown, nil, true
	case errors.Is(err, command.ErrNotWritten), errors.Is(err, command.ErrClosed), errors.Is(err, command.ErrQueueFull):
		return NotWritten, nil, true
	default:
		return Unknown, nil, false
	}
}

// Look is where somebody has seen the log end.
type Look struct {
	Began, Ended int64 // of looking
	End          int64
}

// Event is an event of the log.
type Event struct {
	Position int64
	Stream   string
	Version  int64
	At       int64  // microseconds of its RecordedAt
	Command  uint64 // that it is of
	Index    int    // among the events of the command
}
