package projection

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Forget removes the checkpoint of a version and its parked events, as if it had never been run: a version that was given up, or a projection that is
// not wanted any more. End it in all processes before: while one runs it, Forget returns ErrRunning. What Apply has written stays: run again, the
// version begins at the start of the log, and needs empty tables.
func (r *Runner) Forget(ctx context.Context, name string, version int) error {
	err := pgx.BeginTxFunc(ctx, r.pool, readCommitted, func(tx pgx.Tx) error {
		if err := r.lockName(ctx, tx, name); err != nil {
			return err
		}
		var still bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", r.turn(name, version)).Scan(&still); err != nil {
			return err
		}
		if !still {
			return ErrRunning
		}
		_, err := tx.Exec(ctx, r.sql("DELETE FROM %s.projections WHERE name = $1 AND version = $2"), name, version)
		return err
	})
	return oneline.Of(err)
}
