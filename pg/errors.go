package pg

import (
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// nothingWritten is the failure of what cannot have written anything: a look at the log, or an attempt of which nothing was sent. It may
// succeed when tried again, or it will not.
func nothingWritten(err error) *committer.Failure {
	if f, ok := errors.AsType[*committer.Failure](err); ok {
		return f
	}
	failure := &committer.Failure{Class: committer.Transient, Row: -1, Err: scrub(err)}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		failure.Code = pgErr.Code
		if classOf(pgErr) != committer.Transient {
			failure.Class = committer.Permanent
		}
	}
	return failure
}

// failure says what became of a commit that was not answered with success. The phase comes first: only what certainly did not commit is
// judged by its code. COMMIT comes after so many statements, if it was sent at all. Which row it is about is left open.
func (r *reply) failure(beforeCommit int, sent bool) *committer.Failure {
	certain := !sent || r.unsent || r.err != nil && (r.completed < beforeCommit || deferred(r.err))
	failure := &committer.Failure{Class: committer.InDoubt, Row: -1, Err: r.lost}
	switch {
	case r.err != nil:
		failure.Err, failure.Code = scrub(r.err), r.err.Code
		if certain {
			failure.Class = classOf(r.err)
		}
	case certain:
		failure.Class = committer.Transient
	}
	return failure
}

// deferred tells of an error that COMMIT gives before it has committed anything.
func deferred(err *pgconn.PgError) bool {
	return strings.HasPrefix(err.Code, "23")
}

const (
	readOnlyTransaction = "25006"
	noPreparedStatement = "26000"
	lockNotAvailable    = "55P03"
)

// spoilt tells of errors that a new session may not have: the server has become a standby, or somebody has discarded what we
// prepared.
func spoilt(err *pgconn.PgError) bool {
	return err.Code == readOnlyTransaction || err.Code == noPreparedStatement
}

// classOf judges the error of a transaction that did not commit.
func classOf(err *pgconn.PgError) committer.Class {
	switch err.Code {
	case "23503", "23505":
		return classOfConstraint(err.ConstraintName)
	case "40001", "40P01", lockNotAvailable, "57014", "25P03", "25P04", readOnlyTransaction, noPreparedStatement:
		return committer.Transient
	}
	switch err.Code[:min(2, len(err.Code))] {
	case "53", "57", "08":
		return committer.Transient
	case "22", "23", "54":
		return committer.Refused
	default:
		return committer.Permanent
	}
}

func classOfConstraint(violated string) committer.Class {
	switch violated {
	case "commits_pkey", "commits_last_commit_id_key":
		return committer.Moved
	case "commits_parent_fkey":
		return committer.Lost
	case "command_ids_pkey":
		return committer.Recorded
	case "events_position_key":
		return committer.Taken
	case "events_stream_version_key":
		return committer.Stale
	default:
		return committer.Refused
	}
}

// rowOf finds the row that an error is about: the number in the last line of the context, "COPY events, line 3, column data". The
// words are in the server's language, and lines above may quote user data, so only the place of the number is relied on.
func rowOf(err *pgconn.PgError) int {
	where := err.Where[strings.LastIndexByte(err.Where, '\n')+1:]
	start := strings.IndexAny(where, "0123456789")
	if start < 0 {
		return -1
	}
	digits := where[start:]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	line, convErr := strconv.Atoi(digits)
	if convErr != nil {
		return -1
	}
	return line - 1
}

// scrub takes from a server's error what may hold user data: all but its code, its message and the names of what it is about. Any other
// error it puts in one line.
func scrub(err error) error {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pgErr != err {
		return oneline.Of(err)
	}
	return &pgconn.PgError{
		Severity: pgErr.Severity, SeverityUnlocalized: pgErr.SeverityUnlocalized, Code: pgErr.Code, Message: pgErr.Message,
		SchemaName: pgErr.SchemaName, TableName: pgErr.TableName, ColumnName: pgErr.ColumnName, ConstraintName: pgErr.ConstraintName,
	}
}
