package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/oneline"
	"github.com/groupcommit/groupcommit/migrations"
)

// Migrate creates the schema where it is missing and brings it to the version that this program works with. Where nothing is
// missing it changes nothing. Any number of processes may call it at once: one migrates while the others wait, until their
// ctx ends. It uses one connection, made with config and closed on return.
//
// A schema that is created has data of this type, jsonb where it is zero; one that is there keeps what it has.
//
// The role needs CREATE on the database to create the schema. To migrate a schema that is there, it needs USAGE and CREATE on
// it, and after the first migration it must own the tables: migrate with one and the same role, which need not be the
// one that writes. To find that nothing is missing takes USAGE on the schema only.
//
// A schema that cannot be migrated is told as a *command.SchemaError and left as it is: its name is not accepted, it is newer
// than this program, the role lacks privileges, or the server or the session is read-only. One with data of another type than is
// asked for is told so too, after it was migrated. Any other error names the migration that failed; each migration is one
// transaction, and calling again goes on with that one.
func Migrate(ctx context.Context, config *pgx.ConnConfig, schema string, dataType command.DataType) error {
	return eventLog.migrate(ctx, config, schema, dataType)
}

// Migrations are SQL files that build something in a schema, each set with a table there that records which of them ran.
type Migrations struct {
	Files  fs.FS  // in the format of github.com/pressly/goose
	Latest int64  // the number of the last file
	Table  string // of the versions
}

var eventLog = Migrations{Files: migrations.Files, Latest: migrations.Latest, Table: versionTable}

// Migrate does with these files what the function Migrate does with those of the log.
func (m Migrations) Migrate(ctx context.Context, config *pgx.ConnConfig, schema string) error {
	return m.migrate(ctx, config, schema, "")
}

func (m Migrations) migrate(ctx context.Context, config *pgx.ConnConfig, schema string, dataType command.DataType) error {
	if err := checkSchemaName(schema); err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.Copy(), stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT set_config('search_path', $1, false), set_config('groupcommit.data_type', $2, false)",
			quote(schema)+", pg_temp", string(dataType))
		return err
	}))
	defer db.Close()
	db.SetMaxOpenConns(1)

	if err := m.up(ctx, db, schema); err != nil {
		return migrateError(schema, err)
	}
	if err := checkCreated(ctx, db, schema, dataType); err != nil {
		return migrateError(schema, err)
	}
	return nil
}

func (m Migrations) up(ctx context.Context, db *sql.DB, schema string) error {
	if err := createSchema(ctx, db, schema); err != nil {
		return fmt.Errorf("create the schema: %w", err)
	}
	if err := m.checkAllowed(ctx, db, schema); err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, m.Files,
		goose.WithTableName(m.Table),
		goose.WithSessionLocker(migrationLock(schema)),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	// GetDBVersion comes first also because it creates the version table under the lock; Up alone would do it before.
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	if have > m.Latest {
		return newerSchema(schema, have, m.Latest)
	}
	_, err = provider.Up(ctx)
	return err
}

// checkCreated tells the one who asks for a type of data that the schema was created with the other, be it a moment ago.
func checkCreated(ctx context.Context, db *sql.DB, schema string, want command.DataType) error {
	if want == "" {
		return nil
	}
	const query = `
SELECT coalesce((SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'data'), '')`
	var have command.DataType
	if err := db.QueryRowContext(ctx, query, quote(schema, "events")).Scan(&have); err != nil {
		return fmt.Errorf("read the type of events.data: %w", err)
	}
	return checkDataType(schema, have, want)
}

// createSchema looks first, because CREATE SCHEMA IF NOT EXISTS wants the privilege to create also where the schema exists.
func createSchema(ctx context.Context, db *sql.DB, schema string) error {
	var exists bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+quote(schema))
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "23505" {
		return nil // IF NOT EXISTS does not see a transaction in flight: it waited for one that then created the schema.
	}
	return err
}

// checkAllowed asks for the privileges first, because a schema that the role may not use is passed over in search_path without a word.
func (m Migrations) checkAllowed(ctx context.Context, db *sql.DB, schema string) error {
	const query = `
SELECT current_user, coalesce((
    SELECT string_agg(p, ', ')
    FROM pg_namespace n, unnest('{USAGE,CREATE}'::text[]) p
    WHERE nspname = $1 AND NOT has_schema_privilege(n.oid, p)
      AND (p = 'USAGE' OR NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = $2))), '')`
	var role, denied string
	if err := db.QueryRowContext(ctx, query, schema, m.Table).Scan(&role, &denied); err != nil {
		return fmt.Errorf("read the privileges: %w", err)
	}
	if denied == "" {
		return nil
	}
	return &command.SchemaError{
		Schema:  schema,
		Problem: command.SchemaPrivileges,
		Detail:  fmt.Sprintf("migrate it with the role that owns it; role %q would need a GRANT of %s ON SCHEMA %s", role, denied, quote(schema)),
	}
}

func migrateError(schema string, err error) error {
	if _, ok := errors.AsType[*command.SchemaError](err); ok {
		return err
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case "25006":
			return &command.SchemaError{
				Schema:  schema,
				Problem: command.SchemaReadOnly,
				Detail:  "it cannot be migrated here: connect to the primary, with a role that may write: " + pgErr.Message,
			}
		case "42501":
			return &command.SchemaError{
				Schema:  schema,
				Problem: command.SchemaPrivileges,
				Detail:  "migrate it with a role that owns it or may create it: " + pgErr.Message,
			}
		}
	}
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		return fmt.Errorf("groupcommit: migrate schema %q: %s: %w", schema, partial.Failed.Source.Path, partial.Err)
	}
	return fmt.Errorf("groupcommit: migrate schema %q: %w", schema, oneline.Of(err))
}

const (
	lockPoll      = 50 * time.Millisecond
	unlockTimeout = 5 * time.Second
)

// sessionLock is a session-level advisory lock, one per schema. It implements goose's lock.SessionLocker; goose's own asks
// every few seconds, so that processes which start together would wait for each other for many.
//
// It asks again and again instead of waiting inside the server, where the waiter's snapshot would stop a CREATE INDEX
// CONCURRENTLY of the one that holds the lock.
type sessionLock int64

func migrationLock(schema string) sessionLock {
	return sessionLock(advisoryKey("groupcommit migrate " + schema))
}

func (l sessionLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var locked bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(l)).Scan(&locked); err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that migrates: %w", context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// SessionUnlock has a time limit, because goose calls it with a ctx that never ends. The end of the session unlocks too.
func (l sessionLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, unlockTimeout)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(l)); err != nil {
		return fmt.Errorf("release the migration lock: %w", err)
	}
	return nil
}
