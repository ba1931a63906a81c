package pg

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/committer"
)

// Append implements committer.Log. The point of no return is the end of the message: COMMIT stands in it, behind the rows.
func (s *Store) Append(ctx context.Context, commit *committer.Commit) error {
	conn, err := s.writer.get(ctx)
	if err != nil {
		return notSent(err)
	}
	s.writer.warned.Store(false)
	message, statements := s.commitMessage(commit)
	reply := exchange(ctx, conn.PgConn(), message)
	switch {
	case reply.err != nil || reply.lost != nil:
		s.endTransaction(ctx, conn, &reply)
		return reply.failure(statements)
	case reply.tag != "COMMIT":
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: fmt.Errorf("the server answered %s to COMMIT", reply.tag)}
	case s.writer.warned.Load():
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errors.New("the server answered COMMIT with a warning")}
	default:
		return nil
	}
}

// endTransaction brings the connection back to where another commit can begin, or drops it.
func (s *Store) endTransaction(ctx context.Context, conn *pgx.Conn, r *reply) {
	if r.lost == nil && conn.PgConn().TxStatus() != 'I' {
		_, _ = conn.PgConn().Exec(ctx, "ROLLBACK").ReadAll() // the status tells whether it worked
	}
	if r.lost != nil || conn.IsClosed() || conn.PgConn().TxStatus() != 'I' {
		s.writer.drop()
	}
}

// commitMessage is a commit on the wire, and the number of its statements: a query, the rows that its COPY reads, and their end.
func (s *Store) commitMessage(c *committer.Commit) (message []byte, statements int) {
	size := 1024 + 256*len(c.Records)
	for i := range c.Rows {
		size += len(c.Rows[i].Encoded)
	}
	b := make([]byte, 0, size)
	b = appendQuery(b, func(b []byte) []byte { return s.appendCommitSQL(b, c) })
	b = appendMessage(b, 'd', func(b []byte) []byte { return appendCopy(b, c) })
	b = appendMessage(b, 'c', func(b []byte) []byte { return b })
	statements = 4
	if len(c.Records) > 0 {
		statements++
	}
	return b, statements
}

func (s *Store) appendCommitSQL(b []byte, c *committer.Commit) []byte {
	b = append(b, "BEGIN ISOLATION LEVEL READ COMMITTED; INSERT INTO "...)
	b = append(b, s.schema...)
	b = append(b, ".commits (previous, last, commit_id, parent, commands, writer, committed_at) VALUES ("...)
	b = strconv.AppendInt(b, c.Parent.Position, 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, c.End().Position, 10)
	b = append(b, ',')
	b = appendUUID(b, c.ID)
	b = append(b, ',')
	b = appendUUID(b, c.Parent.Commit)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.Commands), 10)
	b = append(b, ',')
	b = appendUUID(b, s.id)
	b = append(b, ',')
	b = appendTime(b, c)
	b = append(b, "); "...)
	b = s.appendRecords(b, c)
	b = append(b, "COPY "...)
	b = append(b, s.schema...)
	return append(b, ".events ("+copyColumns+") FROM STDIN BINARY; COMMIT"...)
}

// appendRecords adds the statement that records commands with an ID. Arrays keep it one constant each to the parser, however many
// they are.
func (s *Store) appendRecords(b []byte, c *committer.Commit) []byte {
	if len(c.Records) == 0 {
		return b
	}
	b = append(b, "INSERT INTO "...)
	b = append(b, s.schema...)
	b = append(b, ".command_ids (command_id, fingerprint, first, last, versions, committed_at)"+
		" SELECT id, decode(fingerprint, 'hex'), first, last, versions::bigint[], "...)
	b = appendTime(b, c)
	b = append(b, " FROM unnest("...)
	b = appendArray(b, c.Records, "uuid", func(b []byte, r *committer.Record) []byte { return append(b, r.ID.String()...) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "text", func(b []byte, r *committer.Record) []byte { return fmt.Appendf(b, "%x", r.Fingerprint) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "bigint", func(b []byte, r *committer.Record) []byte { return strconv.AppendInt(b, r.First, 10) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "bigint", func(b []byte, r *committer.Record) []byte { return strconv.AppendInt(b, r.Last, 10) })
	b = append(b, ',')
	b = appendArray(b, c.Records, "text", appendVersions)
	return append(b, ") AS r (id, fingerprint, first, last, versions); "...)
}

func appendArray(b []byte, records []committer.Record, elem string, element func([]byte, *committer.Record) []byte) []byte {
	b = append(b, "'{"...)
	for i := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, &records[i])
	}
	b = append(b, "}'::"...)
	b = append(b, elem...)
	return append(b, "[]"...)
}

func appendVersions(b []byte, r *committer.Record) []byte {
	b = append(b, `"{`...)
	for i, v := range r.Versions {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	return append(b, `}"`...)
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	b = append(b, '\'')
	b = append(b, id.String()...)
	return append(b, '\'')
}

func appendTime(b []byte, c *committer.Commit) []byte {
	return c.Time.UTC().AppendFormat(b, "'2006-01-02 15:04:05.000000+00'::timestamptz")
}

// Sync implements committer.Log: a write whose end is waited for, as that of a commit is, and that must come without a WARNING. It needs no
// table.
func (s *Store) Sync(ctx context.Context) error {
	conn, err := s.writer.get(ctx)
	if err != nil {
		return err
	}
	s.writer.warned.Store(false)
	if _, err := conn.PgConn().Exec(ctx, "SELECT pg_logical_emit_message(true, 'groupcommit', '')").ReadAll(); err != nil {
		return scrub(err)
	}
	if s.writer.warned.Load() {
		return fmt.Errorf("the server ended a synchronous write with a warning")
	}
	return nil
}

var _ committer.Log = (*Store)(nil)
