package projection

import (
	"errors"
	"fmt"
	"strings"

	"github.com/groupcommit/groupcommit"
)

// What a projection ends with, or a call is refused with, where the state says it all.
var (
	// ErrReplaced says that a higher version of the projection is live. It is not to be run any more.
	ErrReplaced = errors.New("projection: a higher version has taken its place")
	// ErrBehind says that a version has not come as far as the live one, whose place it is to take.
	ErrBehind = errors.New("projection: it is behind the live version")
	// ErrRunning says that a version cannot be forgotten, because some process runs it.
	ErrRunning = errors.New("projection: it runs somewhere")

	errFenced    = errors.New("projection: another process has moved the checkpoint")
	errFull      = errors.New("as many events are parked as MaxParked allows")
	errNotParked = errors.New("it is not parked")
	errEnded     = errors.New("it has ended the transaction that it was given, which is not its to end")
)

// StoppedError says that a projection has given up. It goes on behind After when it is run again. The cause is what has failed so often, or
// groupcommit.ErrLostCommits: then the log no longer holds what the projection is built on, and it has to be rebuilt, as a new version.
type StoppedError struct {
	Name     string
	Version  int
	After    int64 // its position
	Attempts int   // made with what has failed; 0 where that is not known, or none was of use
	Err      error
}

func (e *StoppedError) Error() string {
	attempts := ""
	if e.Attempts > 0 {
		attempts = fmt.Sprintf(" after %d attempts", e.Attempts)
	}
	return fmt.Sprintf("projection: %s has stopped at position %d%s: %v", title(e.Name, e.Version), e.After, attempts, e.Err)
}

func (e *StoppedError) Unwrap() error { return e.Err }

// InvalidError says that a configuration, or something that is to be run, cannot be accepted as it is.
type InvalidError struct {
	Field  string // "Projection.Apply"
	Reason string // what is wrong and what would be right
}

func (e *InvalidError) Error() string { return fmt.Sprintf("projection: %s: %s", e.Field, e.Reason) }

// Transient says of an error that it is no fault of the events, but of something that will be there again: they are tried until they
// succeed, however often that is, and are never parked. Errors of PostgreSQL need not be marked: a lost connection, a deadlock, a
// serialization failure, a lock that was not to be had and a lack of resources are known to be so. Nor need a timeout of a network.
func Transient(err error) error {
	if err == nil {
		return nil
	}
	return &transientError{err}
}

type transientError struct{ error }

func (e *transientError) Unwrap() error { return e.error }

// final tells of an error that it ends a projection here.
func final(err error) bool {
	_, stopped := errors.AsType[*StoppedError](err)
	_, invalid := errors.AsType[*InvalidError](err)
	return stopped || invalid || errors.Is(err, ErrReplaced) || errors.Is(err, groupcommit.ErrClosed)
}

// hopeless tells of an error that no other attempt can mend.
func hopeless(err error) bool {
	_, schema := errors.AsType[*groupcommit.SchemaError](err)
	_, option := errors.AsType[*groupcommit.ReadOptionError](err)
	return schema || option || errors.Is(err, groupcommit.ErrLostCommits) || errors.Is(err, errFull) || errors.Is(err, errEnded)
}

const errorBytes = 2000

// words are what a table keeps of an error: text that PostgreSQL takes, and not too much of it.
func words(err error) string {
	text := err.Error()
	text = strings.ReplaceAll(text[:min(len(text), errorBytes)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}

func neverRun(field, name string, version int) error {
	return &InvalidError{field, fmt.Sprintf("there is no %s: it was never run", title(name, version))}
}

func title(name string, version int) string {
	if version == 0 {
		return name
	}
	return fmt.Sprintf("%s, version %d", name, version)
}
