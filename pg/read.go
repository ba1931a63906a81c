package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
)

const eventColumns = "position, stream, version, event_id, type, data, metadata, recorded_at"

// ReadStream reads at most limit events of a stream with a version greater than after, in order.
func (s *Store) ReadStream(ctx context.Context, stream string, after int64, limit int) ([]command.RecordedEvent, error) {
	return s.read(ctx, "SELECT "+eventColumns+" FROM "+s.schema+".events WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3",
		stream, after, limit)
}

// ReadAll reads at most limit events of the log at a position greater than after, in order.
func (s *Store) ReadAll(ctx context.Context, after int64, limit int) ([]command.RecordedEvent, error) {
	return s.read(ctx, "SELECT "+eventColumns+" FROM "+s.schema+".events WHERE position > $1 ORDER BY position LIMIT $2", after, limit)
}

// StreamVersion is the version of a stream, 0 when it does not exist.
func (s *Store) StreamVersion(ctx context.Context, stream string) (version int64, err error) {
	const query = "SELECT coalesce(max(version), 0) FROM %s.events WHERE stream = $1"
	err = s.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, fmt.Sprintf(query, s.schema), stream).Scan(&version)
	})
	return version, err
}

func (s *Store) read(ctx context.Context, sql string, args ...any) (events []command.RecordedEvent, err error) {
	err = s.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err == nil {
			events, err = pgx.CollectRows(rows, scanEvent)
		}
		return err
	})
	return events, err
}

// reading lends a connection of the pool, until the store is closed.
func (s *Store) reading(ctx context.Context, query func(context.Context, *pgxpool.Conn) error) error {
	if s.life.Err() != nil {
		return context.Cause(s.life)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(s.life, func() { end(context.Cause(s.life)) })()
	waiting, cancel := context.WithTimeoutCause(ctx, s.config.AcquireTimeout, errNoConnection)
	defer cancel()
	conn, err := s.pool.Acquire(waiting)
	if err != nil {
		if cause := context.Cause(waiting); cause != nil {
			err = cause
		}
		return fmt.Errorf("groupcommit: reading: %w", scrub(err))
	}
	defer conn.Release()
	if err := query(ctx, conn); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("groupcommit: reading: %w", scrub(err))
	}
	return nil
}

var errNoConnection = errors.New("no connection became free within Config.AcquireTimeout")

func scanEvent(row pgx.CollectableRow) (e command.RecordedEvent, err error) {
	err = row.Scan(&e.Position, &e.Stream, &e.Version, &e.ID, &e.Type, &e.Data, &e.Metadata, &e.RecordedAt)
	e.RecordedAt = e.RecordedAt.UTC()
	return e, err
}
