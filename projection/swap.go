package projection

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// trySwap makes a version live that has a Swap, if it is not behind the live one.
func (h *holder) trySwap(ctx context.Context) error {
	if h.live || h.swap == nil {
		return nil
	}
	if err := h.save(ctx); err != nil {
		return err
	}
	limited, cancel := h.limit(ctx)
	defer cancel()
	err := pgx.BeginTxFunc(limited, h.conn, readCommitted, func(tx pgx.Tx) error {
		if err := h.lockName(limited, tx, h.name); err != nil {
			return err
		}
		return h.takePlace(limited, tx, h.name, h.version, h.at, func() error {
			return guard(limited, tx, func() error { return h.swap(limited, tx) })
		})
	})
	if errors.Is(err, ErrBehind) {
		return nil
	}
	if err == nil {
		h.live = true
		h.reached()
	}
	return h.tried(swapping, groupcommit.Batch{}, err)
}

// takePlace makes a version live that stands at a checkpoint, and forgets those below it. The live one waits meanwhile: it cannot move, and its
// row is gone afterwards. The name is locked.
func (r *Runner) takePlace(ctx context.Context, tx pgx.Tx, name string, version int, at groupcommit.Checkpoint, swap func() error) error {
	var position int64
	var live int
	err := tx.QueryRow(ctx, r.sql("SELECT position, version FROM %s.projections WHERE name = $1 AND live FOR UPDATE"), name).Scan(&position, &live)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return err
	case live > version:
		return ErrReplaced
	case live == version:
		return nil
	case position > at.Position:
		return ErrBehind
	}
	if _, err := tx.Exec(ctx, r.sql("DELETE FROM %s.projections WHERE name = $1 AND version < $2"), name, version); err != nil {
		return err
	}
	if err := swap(); err != nil {
		return err
	}
	const update = `
UPDATE %s.projections SET live = true, error = NULL, error_at = NULL WHERE name = $1 AND version = $2 AND position = $3 AND commit_id = $4`
	tag, err := tx.Exec(ctx, r.sql(update), name, version, at.Position, at.CommitID)
	if err == nil && tag.RowsAffected() == 0 {
		return errFenced
	}
	return err
}

// MakeLive puts a version that was built beside the live one in its place, without a call of Swap, and forgets all below it: they end with
// ErrReplaced. It returns ErrBehind when the version has not come as far as the live one, ErrReplaced when a higher one is live, and an *InvalidError
// when it was never run.
func (r *Runner) MakeLive(ctx context.Context, name string, version int) error {
	err := pgx.BeginTxFunc(ctx, r.pool, readCommitted, func(tx pgx.Tx) error {
		if err := r.lockName(ctx, tx, name); err != nil {
			return err
		}
		if err := r.lockRow(ctx, tx, name, version); err != nil {
			return err
		}
		row, found, err := r.load(ctx, tx, name, version)
		if err == nil && !found {
			err = neverRun("MakeLive", name, version)
		}
		if err != nil {
			return err
		}
		return r.takePlace(ctx, tx, name, version, row.Checkpoint, func() error { return nil })
	})
	return oneline.Of(err)
}
