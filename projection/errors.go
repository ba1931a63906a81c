package projection

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit"
)

// What a projection ends with, where the state says it all.
var (
	// ErrReplaced says that a higher version of the projection is live. It is not to be run any more.
	ErrReplaced = errors.New("projection: a higher version has taken its place")

	errFenced = errors.New("projection: another process has moved the checkpoint")
)

// StoppedError says that a projection has given up. It goes on behind After when it is run again. The cause is what Apply or Handle
// returned, or groupcommit.ErrLostCommits: then the log no longer holds what the projection is built on, and it has to be rebuilt, as a new
// version.
type StoppedError struct {
	Name     string
	Version  int
	After    int64 // its position
	Attempts int   // made with the events behind it; 0 where it was not about events
	Err      error
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("projection: %s has stopped at position %d after %d attempts: %v", title(e.Name, e.Version), e.After, e.Attempts, e.Err)
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
// serialization failure, a lock that was not to be had and a lack of resources are known to be so.
func Transient(err error) error {
	if err == nil {
		return nil
	}
	return &transientError{err}
}

type transientError struct{ error }

func (e *transientError) Unwrap() error { return e.error }

// effectError is the failure of something of the user's.
type effectError struct{ error }

func (e *effectError) Unwrap() error { return e.error }

// faulty tells of an error that it is about the events: to try them again and again has no use.
func faulty(err error) bool {
	_, effect := errors.AsType[*effectError](err)
	_, transient := errors.AsType[*transientError](err)
	pgErr, fromServer := errors.AsType[*pgconn.PgError](err)
	switch {
	case transient:
		return false
	case fromServer:
		return faultyCode(pgErr.Code, effect)
	case errors.Is(err, pgx.ErrTxCommitRollback): // an error of the server that was not returned
		return true
	}
	return effect && !pgconn.Timeout(err) && !errors.Is(err, context.Canceled)
}

func faultyCode(code string, effect bool) bool {
	switch code {
	case "57014": // the time limit of a statement: as likely to be reached again as not
		return effect
	case "25006", "25P03", "25P04": // a standby, or a session that was still for too long
		return false
	}
	switch code[:min(2, len(code))] {
	case "22", "23", "P0": // at COMMIT, too: a deferred constraint
		return true
	case "08", "40", "53", "55", "57":
		return false
	}
	return effect
}

// final tells of an error that no other attempt can mend.
func final(err error) bool {
	_, stopped := errors.AsType[*StoppedError](err)
	_, schema := errors.AsType[*groupcommit.SchemaError](err)
	return stopped || schema || errors.Is(err, ErrReplaced) || errors.Is(err, groupcommit.ErrLostCommits) || errors.Is(err, groupcommit.ErrClosed)
}

const errorBytes = 2000

// words are what a table keeps of an error: text that PostgreSQL takes, and not too much of it.
func words(err error) string {
	text := err.Error()
	text = strings.ReplaceAll(text[:min(len(text), errorBytes)], "\x00", "")
	return strings.ToValidUTF8(text, "")
}

func title(name string, version int) string {
	if version == 0 {
		return name
	}
	return fmt.Sprintf("%s, version %d", name, version)
}
