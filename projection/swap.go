package projection

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

var errBehind = errors.New("behind the live version")

// trySwap puts a version that has caught up in the place of the live one.
func (h *holder) trySwap(ctx context.Context) error {
	if h.live || h.swap == nil {
		return nil
	}
	if err := h.save(ctx); err != nil {
		return err
	}
	err := h.commit(ctx, h.at, h.takePlace)
	if errors.Is(err, errBehind) {
		return nil
	}
	h.live = err == nil
	return err
}

// takePlace runs while the live version waits: it cannot move, and its row is gone afterwards.
func (h *holder) takePlace(ctx context.Context, tx pgx.Tx) error {
	var position int64
	var version int
	const live = "SELECT position, version FROM %s.projections WHERE name = $1 AND live FOR UPDATE"
	err := tx.QueryRow(ctx, h.sql(live), h.name).Scan(&position, &version)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return err
	case version > h.version:
		return ErrReplaced
	case position > h.at.Position:
		return errBehind
	}
	if err := guard(func() error { return h.swap(ctx, tx) }); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, h.sql("DELETE FROM %s.projections WHERE name = $1 AND live"), h.name); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, h.sql("UPDATE %s.projections SET live = true WHERE name = $1 AND version = $2"), h.name, h.version)
	return err
}
