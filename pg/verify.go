package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/verify"
)

// verifySQL gives the rows of all tables in the order in which a verify.Walk takes them. It is one statement, and so one snapshot. The server
// sorts, on disk where it has to; what was sorted is read once and kept by nobody.
const verifySQL = `
SELECT first AS place, 0 AS kind, last AS number, committed_at, command_id AS id, versions,
	NULL::uuid, NULL::bool, NULL::int, NULL::text, NULL::bigint
FROM %[1]s.command_ids
UNION ALL
SELECT position, 1, version, recorded_at, NULL, NULL,
	NULL, NULL, NULL, stream, lag(version, 1, 0::bigint) OVER (PARTITION BY stream ORDER BY position, version)
FROM %[1]s.events
UNION ALL
SELECT c.previous, 2, c.last, c.committed_at, c.commit_id, NULL,
	c.parent, p.commit_id IS NOT NULL, c.commands, NULL, NULL
FROM %[1]s.commits c LEFT JOIN %[1]s.commits p ON p.last = c.previous AND p.commit_id = c.parent
ORDER BY place, kind, number, id`

// The kinds of rows in verifySQL.
const (
	recordKind = iota
	eventKind
	commitKind
)

// tablesOnly makes the server read the tables from end to end. An index may be damaged too, and then hides what is there.
const tablesOnly = `
SET LOCAL enable_seqscan = on;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_nestloop = off`

// Verify reads the whole log and reports whether it is sound.
func (r *Reader) Verify(ctx context.Context) (report verify.Report, err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = r.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, tablesOnly); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, fmt.Sprintf(verifySQL, r.schema))
			if err != nil {
				return err
			}
			report, err = walk(rows)
			return err
		})
	})
	return report, err
}

// walk leads the rows of verifySQL past a verify.Walk.
func walk(rows pgx.Rows) (verify.Report, error) {
	var w verify.Walk
	var r verifyRow
	_, err := pgx.ForEachRow(rows, r.fields(), func() error {
		switch r.kind {
		case recordKind:
			w.Record(r.record())
		case eventKind:
			w.Event(r.event())
		case commitKind:
			w.Commit(r.commit())
		}
		return nil
	})
	if err != nil {
		return verify.Report{}, err
	}
	return w.End(), nil
}

// verifyRow is a row of verifySQL.
type verifyRow struct {
	place, number int64
	kind          int
	at            moment
	id            pgtype.UUID
	versions      []int64
	parent        pgtype.UUID
	parentFound   pgtype.Bool
	commands      pgtype.Int4
	stream        pgtype.Text
	before        pgtype.Int8
}

func (r *verifyRow) fields() []any {
	return []any{
		&r.place, &r.kind, &r.number, &r.at, &r.id, &r.versions, &r.parent, &r.parentFound, &r.commands, &r.stream, &r.before,
	}
}

func (r *verifyRow) record() verify.Record {
	return verify.Record{ID: r.id.Bytes, First: r.place, Last: r.number, Versions: r.versions, At: r.at.time}
}

func (r *verifyRow) event() verify.Event {
	return verify.Event{Position: r.place, Stream: r.stream.String, Version: r.number, Before: r.before.Int64, At: r.at.time}
}

func (r *verifyRow) commit() verify.Commit {
	return verify.Commit{
		ID: r.id.Bytes, Previous: r.place, Last: r.number, Parent: r.parent.Bytes, ParentFound: r.parentFound.Bool,
		Commands: int64(r.commands.Int32), At: r.at.time,
	}
}

// moment is a timestamptz, in UTC. One that is infinite is a damage to be told, and not a row that cannot be read: it becomes a year that
// PostgreSQL does not have.
type moment struct{ time time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (m *moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	switch v.InfinityModifier {
	case pgtype.Infinity:
		m.time = time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)
	case pgtype.NegativeInfinity:
		m.time = time.Date(-5_000, 1, 1, 0, 0, 0, 0, time.UTC)
	default:
		m.time = v.Time.UTC()
	}
	return nil
}

var _ pgtype.TimestamptzScanner = (*moment)(nil)
