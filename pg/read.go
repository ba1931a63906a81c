package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/reading"
)

const eventColumns = "position, stream, version, event_id, type, data, metadata, recorded_at"

// Read implements reading.Log.
func (r *Reader) Read(ctx context.Context, selection reading.Selection) (events []command.RecordedEvent, err error) {
	sql, args := r.selectSQL(&selection)
	err = r.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		if events, err = collectEvents(rows, selection.Expected()); err != nil {
			return err
		}
		if selection.Filtered() {
			return r.complete(ctx, conn, &selection)
		}
		return nil
	})
	return events, err
}

// selectSQL is the query for a selection, and its parameters.
func (r *Reader) selectSQL(s *reading.Selection) (sql string, args []any) {
	parameter := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	sql = "SELECT " + eventColumns + " FROM " + r.schema + ".events WHERE " + bounds(s, parameter)
	if len(s.Types) > 0 {
		sql += " AND type = ANY(" + parameter(s.Types) + ")"
	}
	if s.Prefix != "" {
		sql += " AND starts_with(stream, " + parameter(s.Prefix) + ")"
	}
	sql += " ORDER BY " + number(s)
	if s.Backward {
		sql += " DESC"
	}
	return sql + " LIMIT " + parameter(s.Limit), args
}

// bounds is the condition that keeps to the numbers of a selection.
func bounds(s *reading.Selection, parameter func(any) string) (sql string) {
	if s.Stream != "" {
		sql = "stream = " + parameter(s.Stream) + " AND "
	}
	return sql + number(s) + " > " + parameter(s.After) + " AND " + number(s) + " <= " + parameter(s.UpTo)
}

func number(s *reading.Selection) string {
	if s.Stream != "" {
		return "version"
	}
	return "position"
}

// complete makes sure that a filter has hidden no hole: there are as many events as there are numbers.
func (r *Reader) complete(ctx context.Context, conn *pgxpool.Conn, s *reading.Selection) error {
	var args []any
	condition := bounds(s, func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	})
	var count int64
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+r.schema+".events WHERE "+condition, args...).Scan(&count); err != nil {
		return err
	}
	if count != s.UpTo-s.After {
		return fmt.Errorf("%w: there are %d events at %s %d to %d", command.ErrDamaged, count, number(s), s.After+1, s.UpTo)
	}
	return nil
}

// StreamVersion implements reading.Log.
func (r *Reader) StreamVersion(ctx context.Context, stream string) (version int64, err error) {
	const query = "SELECT coalesce(max(version), 0) FROM %s.events WHERE stream = $1"
	err = r.row(ctx, fmt.Sprintf(query, r.schema), []any{stream}, &version)
	return version, err
}

// tipSQL asks for the end of the log, whether the server is a standby, and for the commit that holds a position. Beyond the end none does, and none
// that is there any more in front of what was pruned.
const tipSQL = `
SELECT log_end.last, log_end.commit_id, pg_is_in_recovery(), (
	SELECT CASE WHEN last >= $1 THEN commit_id END FROM %[1]s.commits WHERE previous < $1 ORDER BY previous DESC LIMIT 1
)
FROM (SELECT last, commit_id FROM %[1]s.commits ORDER BY last DESC LIMIT 1) log_end`

// Tip implements reading.Log. What a standby has not replayed yet is not missing: it has to be asked for again.
func (r *Reader) Tip(ctx context.Context, position int64) (end command.Checkpoint, holder uuid.UUID, err error) {
	var standby bool
	var found uuid.NullUUID
	err = r.row(ctx, fmt.Sprintf(tipSQL, r.schema), []any{position}, &end.Position, &end.CommitID, &standby, &found)
	if err == nil && standby && position > end.Position {
		err = fmt.Errorf("%w: the server is a standby, and has replayed the log up to position %d, not yet %d",
			command.ErrUnavailable, end.Position, position)
	}
	return end, found.UUID, err
}

// positionAtSQL halves the log until it has found the last commit that is not younger: times grow with positions, and need no index of
// their own.
const positionAtSQL = `
WITH RECURSIVE halves (low, high) AS (
	SELECT 0::bigint, max(last) FROM %[1]s.commits
	UNION ALL
	SELECT CASE WHEN c.committed_at <= $1 THEN c.last ELSE low END, CASE WHEN c.committed_at <= $1 THEN high ELSE c.previous END
	FROM halves, LATERAL (
		SELECT previous, last, committed_at FROM %[1]s.commits WHERE previous < (low + high + 1) / 2 ORDER BY previous DESC LIMIT 1
	) c
	WHERE low < high
)
SELECT max(low) FROM halves`

// PositionAt implements reading.Log.
func (r *Reader) PositionAt(ctx context.Context, at time.Time) (position int64, err error) {
	err = r.row(ctx, fmt.Sprintf(positionAtSQL, r.schema), []any{at}, &position)
	return position, err
}

func (r *Reader) row(ctx context.Context, sql string, args []any, into ...any) error {
	return r.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, sql, args...).Scan(into...)
	})
}

// reading lends a connection of the pool, until the reader is closed.
func (r *Reader) reading(ctx context.Context, query func(context.Context, *pgxpool.Conn) error) error {
	if r.life.Err() != nil {
		return context.Cause(r.life)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(r.life, func() { end(context.Cause(r.life)) })()
	waiting, cancel := context.WithTimeoutCause(ctx, r.acquire, errNoConnection)
	defer cancel()
	conn, err := r.pool.Acquire(waiting)
	if err != nil {
		if cause := context.Cause(waiting); cause != nil {
			err = cause
		}
		return readError(ctx, err)
	}
	defer conn.Release()
	if err := query(ctx, conn); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return readError(ctx, err)
	}
	return nil
}

var errNoConnection = errors.New("no connection became free within Config.AcquireTimeout")

// readError says what a failed read was about, and whether the same may succeed in a while.
func readError(ctx context.Context, err error) error {
	if ctx.Err() == nil && (errors.Is(err, errNoConnection) || Unavailable(err)) {
		return fmt.Errorf("%w: %w", command.ErrUnavailable, scrub(err))
	}
	return fmt.Errorf("groupcommit: reading: %w", scrub(err))
}

// Unavailable tells of an error of the connection, or one of the server that is no fault of the query: the same may succeed in a while.
func Unavailable(err error) bool {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classOf(pgErr) == committer.Transient
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return connecting || network || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

var _ reading.Log = (*Reader)(nil)
