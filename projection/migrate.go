package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
	"github.com/groupcommit/groupcommit/pg"
	"github.com/groupcommit/groupcommit/projection/migrations"
)

// DefaultSchema holds the tables of this package where Config.Schema says nothing else.
const DefaultSchema = "groupcommit_projections"

var tables = pg.Migrations{Files: migrations.Files, Latest: migrations.Latest, Table: "projection_version"}

// Migrate brings the tables of this package up to date, or creates them and their schema (DefaultSchema where it is ""), and nothing else:
// for a deployment in which the role that runs projections may not. Any number of processes may call it at once. A role that runs
// projections then needs, beside what Apply does,
//
//	GRANT USAGE ON SCHEMA groupcommit_projections TO projector;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON groupcommit_projections.projections, groupcommit_projections.parked_events TO projector;
//
// and one that only calls WaitFor, Status and Parked USAGE and SELECT.
func Migrate(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	return tables.Migrate(ctx, pool.Config().ConnConfig, cmp.Or(schema, DefaultSchema))
}

// checkSchema returns a *groupcommit.SchemaError unless the tables are those that this program works with.
func (r *Runner) checkSchema(ctx context.Context) error {
	problem := groupcommit.SchemaError{Schema: r.config.Schema, Want: migrations.Latest}
	err := r.pool.QueryRow(ctx, r.sql("SELECT coalesce(max(version_id), 0) FROM %s."+tables.Table)).Scan(&problem.Have)
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && (pgErr.Code == "42P01" || pgErr.Code == "3F000"):
		problem.Problem, problem.Detail = groupcommit.SchemaMissing, "it was never migrated: call projection.Migrate, or set Config.Migrate"
	case ok && pgErr.Code == "42501":
		problem.Problem, problem.Detail = groupcommit.SchemaPrivileges, "projection.Migrate says what to grant: "+pgErr.Message
	case err != nil:
		return fmt.Errorf("projection: check schema %q: %w", r.config.Schema, oneline.Of(err))
	case problem.Have < problem.Want:
		problem.Problem, problem.Detail = groupcommit.SchemaOlder, "call projection.Migrate, or set Config.Migrate"
	case problem.Have > problem.Want:
		problem.Problem, problem.Detail = groupcommit.SchemaNewer, "upgrade this program"
	default:
		return nil
	}
	return &problem
}
