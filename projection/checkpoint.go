package projection

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// readCommitted lets each statement see what was committed before it, also behind a lock that was waited for.
var readCommitted = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// queryer is a connection or a transaction.
type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// sql puts the schema into a statement.
func (r *Runner) sql(statement string) string {
	return strings.ReplaceAll(statement, "%s", r.schema)
}

// lockName lets one transaction at a time make versions of a name, or forget them, or say which is live. It comes before the lock of any row.
func (r *Runner) lockName(ctx context.Context, tx pgx.Tx, name string) error {
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", key("name", r.config.Schema, name))
	return err
}

// lockRow lets whoever runs a version wait before its next effect.
func (r *Runner) lockRow(ctx context.Context, tx pgx.Tx, name string, version int) error {
	_, err := tx.Exec(ctx, r.sql("SELECT FROM %s.projections WHERE name = $1 AND version = $2 FOR UPDATE"), name, version)
	return err
}

// row is what the table holds of a version.
type row struct {
	groupcommit.Checkpoint
	live bool
}

func (r *Runner) load(ctx context.Context, db queryer, name string, version int) (row row, found bool, err error) {
	const query = "SELECT position, commit_id, live FROM %s.projections WHERE name = $1 AND version = $2"
	err = db.QueryRow(ctx, r.sql(query), name, version).Scan(&row.Position, &row.CommitID, &row.live)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, false, nil
	}
	return row, err == nil, err
}

// begin finds the row of a task, or makes it. One that had a row which is gone has been replaced: what it built stands at no checkpoint any more.
func (r *Runner) begin(ctx context.Context, db *pgx.Conn, t *task) (row row, err error) {
	err = pgx.BeginTxFunc(ctx, db, readCommitted, func(tx pgx.Tx) error {
		if err := r.lockName(ctx, tx, t.name); err != nil {
			return err
		}
		if err := r.checkOthers(ctx, tx, t); err != nil {
			return err
		}
		var found bool
		row, found, err = r.load(ctx, tx, t.name, t.version)
		switch {
		case err != nil:
			return err
		case found:
			_, err = tx.Exec(ctx, r.sql("UPDATE %s.projections SET stopped = false WHERE name = $1 AND version = $2 AND stopped"), t.name, t.version)
		case t.begun:
			err = ErrReplaced
		default:
			row, err = r.insert(ctx, tx, t)
		}
		return err
	})
	return row, err
}

// insert makes the row of a task, at the start of the log: live if nothing else is and nothing has to be swapped before.
func (r *Runner) insert(ctx context.Context, tx pgx.Tx, t *task) (row row, err error) {
	const insert = `
INSERT INTO %s.projections (name, version, kind, log, live, position, commit_id)
SELECT $1, $2, $3, $4, $5 AND NOT EXISTS (SELECT FROM %s.projections WHERE name = $1 AND live), 0, $6
WHERE NOT EXISTS (SELECT FROM %s.projections WHERE name = $1 AND live AND version > $2)
RETURNING live`
	err = tx.QueryRow(ctx, r.sql(insert), t.name, t.version, t.kind, r.log, t.swap == nil && !t.beside, row.CommitID).Scan(&row.live)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrReplaced
	}
	return row, err
}

// checkOthers makes sure that all versions of a name are of one kind and follow one log.
func (r *Runner) checkOthers(ctx context.Context, db queryer, t *task) error {
	var kind string
	var log uuid.UUID
	const query = "SELECT kind, log FROM %s.projections WHERE name = $1 AND (kind <> $2 OR log <> $3) LIMIT 1"
	err := db.QueryRow(ctx, r.sql(query), t.name, t.kind, r.log).Scan(&kind, &log)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	case kind != t.kind:
		return &InvalidError{t.kind + ".Name", fmt.Sprintf("%q is the name of a %s: each needs a name of its own", t.name, kind)}
	}
	return &InvalidError{t.kind + ".Name", fmt.Sprintf("%q follows log %s and not %s: use a Config.Schema for each log", t.name, log, r.log)}
}

// move moves the checkpoint, or says errFenced if it is not where it was left. It tells whether the version is live.
func (r *Runner) move(ctx context.Context, db queryer, t *task, from, to groupcommit.Checkpoint) (live bool, err error) {
	const update = `
UPDATE %s.projections SET position = $5, commit_id = $6, moved_at = now(), error = NULL, error_at = NULL, stopped = false
WHERE name = $1 AND version = $2 AND position = $3 AND commit_id = $4
RETURNING live`
	err = db.QueryRow(ctx, r.sql(update), t.name, t.version, from.Position, from.CommitID, to.Position, to.CommitID).Scan(&live)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, errFenced
	}
	return live, err
}
