package projection

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Retry tries parked events of a Projection or Handler once more, each in a transaction of its own: those at the positions, or all of this version.
// The member may be running, here or elsewhere: a Projection waits meanwhile, a Handler is called beside. Retry tells how many have taken effect;
// they are parked no longer. The error joins those of the others. What is no fault of the event, as the end of ctx, ends it at once. Asked for all of a
// version that was never run, it returns an *InvalidError.
func (r *Runner) Retry(ctx context.Context, member Member, positions ...int64) (done int, err error) {
	t, err := taskOf(member)
	if err == nil && t.refresh != nil {
		err = &InvalidError{"Member", "a MaterializedView has no parked events"}
	}
	if err == nil && len(positions) == 0 {
		positions, err = r.parkedAt(ctx, &t)
	}
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, position := range positions {
		err := r.retry(ctx, &t, position)
		if err == nil {
			done++
			continue
		}
		failed = append(failed, fmt.Errorf("projection: retry position %d: %w", position, oneline.Of(err)))
		if errors.Is(err, errNotParked) {
			continue
		}
		if faultOf(err) == ofNobody {
			break
		}
		r.noteRetry(ctx, &t, position, err)
	}
	return done, errors.Join(failed...)
}

// parkedAt are the positions of all parked events, of which there are no more than MaxParked. What was never run is told: another
// name may be meant.
func (r *Runner) parkedAt(ctx context.Context, t *task) ([]int64, error) {
	const list = "SELECT position FROM %s.parked_events WHERE projection = $1 AND version = $2 ORDER BY position"
	rows, _ := r.pool.Query(ctx, r.sql(list), t.name, t.version)
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("projection: reading the parked events: %w", oneline.Of(err))
	}
	_, found, err := r.load(ctx, r.pool, t.name, t.version)
	if err == nil && !found {
		err = neverRun(t.kind+".Name", t.name, t.version)
	}
	return all, oneline.Of(err)
}

func (r *Runner) retry(ctx context.Context, t *task, position int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*t.options.Timeout, errOverdue)
	defer cancel()
	return pgx.BeginTxFunc(ctx, r.pool, readCommitted, func(tx pgx.Tx) error {
		if err := r.holdBack(ctx, tx, t); err != nil {
			return err
		}
		id, err := r.unpark(ctx, tx, t, position)
		if err != nil {
			return err
		}
		event, err := r.event(ctx, position, id)
		if err != nil {
			return err
		}
		return t.effect(ctx, tx, event)
	})
}

// holdBack lets a Projection that is running wait, so that nothing is written beside it. Where the effect is elsewhere, to wait would only cost it
// its turn.
func (r *Runner) holdBack(ctx context.Context, tx pgx.Tx, t *task) error {
	if t.apply == nil {
		return nil
	}
	return r.lockRow(ctx, tx, t.name, t.version)
}

func (r *Runner) unpark(ctx context.Context, tx pgx.Tx, t *task, position int64) (id uuid.UUID, err error) {
	const take = "DELETE FROM %s.parked_events WHERE projection = $1 AND version = $2 AND position = $3 RETURNING event_id"
	err = tx.QueryRow(ctx, r.sql(take), t.name, t.version, position).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, errNotParked
	}
	return id, err
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
		r.config.Logger.Warn("the failure of a retry could not be written down", "projection", t.title(), "error", err)
	}
}
