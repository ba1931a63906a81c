package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// park puts the one event of a batch aside, in the transaction that moves the checkpoint.
func (h *holder) park(ctx context.Context, b groupcommit.Batch) error {
	event, failure := &b.Events[0], h.trouble.last
	err := h.commit(ctx, b.Last, func(ctx context.Context, tx pgx.Tx) error { return h.putAside(ctx, tx, event, failure) })
	if err != nil {
		return err
	}
	h.trouble.doomed, h.trouble.failures[applying] = 0, 0
	h.trouble.inARow++
	h.config.Logger.Error("event parked", "projection", h.title(), "position", event.Position, "error", failure)
	return nil
}

// putAside stops the projection where there are too many already.
func (h *holder) putAside(ctx context.Context, tx pgx.Tx, e *groupcommit.RecordedEvent, failure error) error {
	const insert = `
INSERT INTO %s.parked_events (projection, version, position, event_id, stream, type, error)
SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM %s.parked_events WHERE projection = $1 AND version = $2) < $8`
	tag, err := tx.Exec(ctx, h.sql(insert), h.name, h.version, e.Position, e.ID, e.Stream, e.Type, words(failure), h.options.MaxParked)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	return fmt.Errorf("%w, and so this one is not: %w", errFull, failure)
}

// ParkedEvent is an event that a projection has gone on without.
type ParkedEvent struct {
	Position int64
	EventID  uuid.UUID
	Stream   string
	Type     string
	Error    string // the last one
	Attempts int    // made since it stood alone
	ParkedAt time.Time
	TriedAt  time.Time // last
}

// Parked lists the parked events of a version of a projection behind a position, in the order of the log, at most limit of them.
func (r *Runner) Parked(ctx context.Context, name string, version int, after int64, limit int) ([]ParkedEvent, error) {
	const list = `
SELECT position, event_id, stream, type, error, attempts, parked_at, tried_at
FROM %s.parked_events WHERE projection = $1 AND version = $2 AND position > $3 ORDER BY position LIMIT $4`
	rows, _ := r.pool.Query(ctx, r.sql(list), name, version, after, max(limit, 0))
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ParkedEvent])
	if err != nil {
		return nil, fmt.Errorf("projection: reading the parked events: %w", oneline.Of(err))
	}
	return all, nil
}
