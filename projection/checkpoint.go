package projection

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit"
)

// database is a pool, a connection or a transaction.
type database interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// row is what the table holds of a task.
type row struct {
	groupcommit.Checkpoint
	live bool
}

func (r *Runner) load(ctx context.Context, db database, t *task) (row row, found bool, err error) {
	err = db.QueryRow(ctx, "SELECT position, commit_id, live FROM "+r.schema+".projections WHERE name = $1 AND version = $2", t.name, t.version).
		Scan(&row.Position, &row.CommitID, &row.live)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, false, nil
	}
	return row, err == nil, err
}

// begin finds the row of a task, or makes it, live if it is the first of its name. Where a higher version is live it makes none.
func (r *Runner) begin(ctx context.Context, db database, t *task) (row, error) {
	const insert = `
INSERT INTO %s.projections (name, version, live, position, commit_id)
SELECT $1, $2, NOT EXISTS (SELECT FROM %s.projections WHERE name = $1), 0, '00000000-0000-0000-0000-000000000000'
WHERE NOT EXISTS (SELECT FROM %s.projections WHERE name = $1 AND live AND version > $2)
ON CONFLICT DO NOTHING`
	for range 3 { // two versions of a new name may be in each other's way
		if _, err := db.Exec(ctx, r.sql(insert), t.name, t.version); err != nil {
			return row{}, err
		}
		found, ok, err := r.load(ctx, db, t)
		if err != nil {
			return row{}, err
		}
		if ok {
			_, err = db.Exec(ctx, r.sql("UPDATE %s.projections SET stopped = false WHERE name = $1 AND version = $2 AND stopped"), t.name, t.version)
			return found, err
		}
	}
	return row{}, ErrReplaced
}

// move moves the checkpoint, or says errFenced if it is not where it was left.
func (r *Runner) move(ctx context.Context, db database, t *task, from, to groupcommit.Checkpoint) error {
	const update = `
UPDATE %s.projections SET position = $5, commit_id = $6, moved_at = now(), error = NULL, error_at = NULL
WHERE name = $1 AND version = $2 AND position = $3 AND commit_id = $4`
	tag, err := db.Exec(ctx, r.sql(update), t.name, t.version, from.Position, from.CommitID, to.Position, to.CommitID)
	if err == nil && tag.RowsAffected() == 0 {
		return errFenced
	}
	return err
}

const noteTimeout = 5 * time.Second

// note writes an error down, if the database is there.
func (r *Runner) note(ctx context.Context, t *task, failure error, stopped bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	const update = "UPDATE %s.projections SET error = $3, error_at = now(), stopped = $4 WHERE name = $1 AND version = $2"
	if _, err := r.pool.Exec(ctx, r.sql(update), t.name, t.version, words(failure), stopped); err != nil {
		r.config.Logger.Warn("the failure of a projection could not be written down", "projection", title(t.name, t.version), "error", err)
	}
}
