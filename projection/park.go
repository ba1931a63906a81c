package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// park lets a batch take effect without the events that fail, which it puts aside, all in the transaction that moves the checkpoint.
func (h *holder) park(ctx context.Context, b groupcommit.Batch) error {
	return h.commit(ctx, b.Last, func(ctx context.Context, tx pgx.Tx) error { return h.sift(ctx, tx, b.Events) })
}

// sift tries events together, and where they fail one half after the other, until those at fault stand alone.
func (h *holder) sift(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
	err := h.together(ctx, tx, events)
	switch {
	case err == nil || !faulty(err):
		return err
	case len(events) == 1:
		return h.putAside(ctx, tx, &events[0], err)
	}
	half := len(events) / 2
	if err := h.sift(ctx, tx, events[:half]); err != nil {
		return err
	}
	return h.sift(ctx, tx, events[half:])
}

// together undoes what was written for events that fail, be it only by a deferred constraint, or by an error that was kept from us.
func (h *holder) together(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
	return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		if err := h.effect(ctx, tx, events); err != nil {
			return err
		}
		return guard(func() error { return checkDeferred(ctx, tx) })
	})
}

// checkDeferred checks the deferred constraints now, and leaves them deferred, since it takes back that it has.
func checkDeferred(ctx context.Context, tx pgx.Tx) error {
	checking, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := checking.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return err
	}
	return checking.Rollback(ctx)
}

func (h *holder) putAside(ctx context.Context, tx pgx.Tx, e *groupcommit.RecordedEvent, failure error) error {
	h.config.Logger.Error("event parked", "projection", title(h.name, h.version), "position", e.Position, "error", failure)
	const insert = `
INSERT INTO %s.parked_events (projection, version, position, event_id, stream, type, error) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := tx.Exec(ctx, h.sql(insert), h.name, h.version, e.Position, e.ID, e.Stream, e.Type, words(failure))
	return err
}

// ParkedEvent is an event that a projection has gone on without.
type ParkedEvent struct {
	Projection string
	Version    int
	Position   int64
	EventID    uuid.UUID
	Stream     string
	Type       string
	Error      string // the last one
	Attempts   int    // made since it stood alone
	ParkedAt   time.Time
	TriedAt    time.Time // last
}

// Parked lists the parked events of a projection, in all its versions, in the order of the log, at most limit of them.
func (r *Runner) Parked(ctx context.Context, name string, limit int) ([]ParkedEvent, error) {
	const list = `
SELECT projection, version, position, event_id, stream, type, error, attempts, parked_at, tried_at
FROM %s.parked_events WHERE projection = $1 ORDER BY position, version LIMIT $2`
	rows, err := r.pool.Query(ctx, r.sql(list), name, max(limit, 0))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ParkedEvent])
}

// Retry tries parked events of a Projection or Handler once more, each in a transaction of its own: those at the positions, or all of this version. The
// projection may be running, here or elsewhere: it waits meanwhile. Retry tells how many have taken effect; they are parked no longer. The error
// joins those of the others.
func (r *Runner) Retry(ctx context.Context, member Member, positions ...int64) (done int, err error) {
	t, err := member.task()
	if err != nil {
		return 0, err
	}
	if len(positions) == 0 {
		rows, err := r.pool.Query(ctx, r.sql("SELECT position FROM %s.parked_events WHERE projection = $1 AND version = $2 ORDER BY position"), t.name, t.version)
		if err != nil {
			return 0, err
		}
		if positions, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return 0, err
		}
	}
	var failed []error
	for _, position := range positions {
		if err := r.retry(ctx, &t, position); err != nil {
			failed = append(failed, fmt.Errorf("projection: retry position %d: %w", position, err))
			r.noteRetry(ctx, &t, position, err)
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

func (r *Runner) retry(ctx context.Context, t *task, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, 2*t.options.Timeout)
	defer cancel()
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var id uuid.UUID
		const lock = "SELECT FROM %s.projections WHERE name = $1 AND version = $2 FOR UPDATE"
		if _, err := tx.Exec(ctx, r.sql(lock), t.name, t.version); err != nil {
			return err
		}
		const take = "DELETE FROM %s.parked_events WHERE projection = $1 AND version = $2 AND position = $3 RETURNING event_id"
		if err := tx.QueryRow(ctx, r.sql(take), t.name, t.version, position).Scan(&id); errors.Is(err, pgx.ErrNoRows) {
			return errors.New("it is not parked")
		} else if err != nil {
			return err
		}
		event, err := r.event(ctx, position, id)
		if err != nil {
			return err
		}
		h := &holder{Runner: r, task: t}
		return h.effect(ctx, tx, event)
	})
}

// event reads one event, which must be the very one.
func (r *Runner) event(ctx context.Context, position int64, id uuid.UUID) ([]groupcommit.RecordedEvent, error) {
	for event, err := range r.source.ReadAll(ctx, groupcommit.After(position-1), groupcommit.Limit(1)) {
		if err == nil && event.ID != id {
			break
		}
		return []groupcommit.RecordedEvent{event}, err
	}
	return nil, groupcommit.ErrLostCommits
}

func (r *Runner) noteRetry(ctx context.Context, t *task, position int64, failure error) {
	const update = `
UPDATE %s.parked_events SET attempts = attempts + 1, tried_at = now(), error = $4 WHERE projection = $1 AND version = $2 AND position = $3`
	if _, err := r.pool.Exec(ctx, r.sql(update), t.name, t.version, position, words(failure)); err != nil {
		r.config.Logger.Warn("the failure of a retry could not be written down", "projection", title(t.name, t.version), "error", err)
	}
}
