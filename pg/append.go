package pg

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/committer"
)

// Append implements committer.Log. The point of no return is CopyDone: COMMIT stands behind it in the same query.
func (s *Store) Append(ctx context.Context, commit *committer.Commit) error {
	conn, err := s.writer.get(ctx)
	if err != nil {
		return notSent(err)
	}
	s.writer.warned.Store(false)
	body := &copyBody{data: copyData(commit)}
	tag, err := conn.PgConn().CopyFrom(ctx, body, string(s.commitSQL(commit)))
	switch {
	case err != nil:
		failure := appendFailure(err, body, conn.PgConn())
		s.endTransaction(ctx, conn)
		return failure
	case tag.String() == "ROLLBACK":
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: fmt.Errorf("the server answered ROLLBACK to COMMIT")}
	case s.writer.warned.Load():
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: fmt.Errorf("the server answered COMMIT with a warning")}
	default:
		return nil
	}
}

// endTransaction brings the connection back to where another commit can begin, or drops it.
func (s *Store) endTransaction(ctx context.Context, conn *pgx.Conn) {
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		_, _ = conn.PgConn().Exec(ctx, "ROLLBACK").ReadAll() // the status tells whether it worked
	}
	if conn.IsClosed() || conn.PgConn().TxStatus() != 'I' {
		s.writer.drop()
	}
}

// copyBody is read by a goroutine of pgconn's, which may outlive the call that started it.
type copyBody struct {
	data    []byte
	drained atomic.Bool // all was read, so CopyDone may have been sent
}

func (b *copyBody) Read(p []byte) (int, error) {
	if len(b.data) == 0 {
		b.drained.Store(true)
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// commitSQL is the query that carries a commit.
func (s *Store) commitSQL(c *committer.Commit) []byte {
	b := make([]byte, 0, 512+160*len(c.Records))
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
	b = append(b, ".events ("+copyColumns+") FROM STDIN BINARY; COMMIT"...)
	return b
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
