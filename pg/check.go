package pg

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
)

// storeTables are the tables that a store reads and writes.
var storeTables = []string{"events", "commits", "command_ids"}

// storeFacts is what the catalog and the session say about a schema. It is read without touching the schema, so that
// anything missing there is a fact and not an error.
type storeFacts struct {
	role     string
	tables   []string         // which of ours are there, the version table included
	denied   []string         // privileges that the role lacks, as GRANT has them
	hidden   []string         // tables some of whose rows the role may not see
	altered  []string         // what the tables lack of what keeps the log whole
	dataType command.DataType // of events.data
}

// purpose is what a session is for: the privileges that it needs on the tables.
type purpose []string

var (
	toRead  = purpose{"SELECT"}
	toWrite = purpose{"SELECT", "INSERT"}
)

// Who only reads needs nothing of command_ids.
const storeFactsSQL = `
WITH wanted (name, privileges, constraints) AS (
    VALUES ('` + versionTable + `', '{SELECT}'::text[], '{}'::text[]),
           ('events', '{SELECT,INSERT}', '{events_position_key,events_stream_version_key}'),
           ('commits', '{SELECT,INSERT}', '{commits_pkey,commits_last_commit_id_key,commits_parent_fkey}'),
           ('command_ids', '{SELECT,INSERT}', '{command_ids_pkey}')
), found AS (
    SELECT c.oid, w.name, w.privileges, w.constraints, c.relpersistence
    FROM wanted w
    JOIN pg_namespace n ON n.nspname = $1
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
), denied AS (
    SELECT 'USAGE ON SCHEMA ' || quote_ident(nspname) AS privilege
    FROM pg_namespace
    WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT p || ' ON ' || quote_ident($1) || '.' || name
    FROM found, unnest(privileges) p
    WHERE p = ANY($2) AND (name <> 'command_ids' OR 'INSERT' = ANY($2)) AND NOT has_table_privilege(oid, p)
), altered AS (
    SELECT 'table ' || name || ' is not logged: a crash of the server empties it' AS what
    FROM found
    WHERE relpersistence <> 'p'
    UNION ALL
    SELECT 'constraint ' || c || ' of table ' || name || ' is not there, or not in force'
    FROM found, unnest(constraints) c
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.conrelid = found.oid AND k.conname = c AND k.convalidated
          AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = k.oid AND tgenabled NOT IN ('O', 'A')))
)
SELECT current_user::text,
       ARRAY(SELECT name FROM found),
       ARRAY(SELECT privilege FROM denied ORDER BY privilege),
       ARRAY(SELECT name FROM found WHERE row_security_active(oid) ORDER BY name),
       ARRAY(SELECT what FROM altered ORDER BY what),
       coalesce((SELECT format_type(a.atttypid, a.atttypmod)
                 FROM found JOIN pg_attribute a ON a.attrelid = found.oid
                 WHERE found.name = 'events' AND a.attname = 'data'), '')`

// checkSchema returns what the data of the schema is when the session can work with it for a purpose, and a *command.SchemaError that says why not
// and what to do otherwise. What is wanted of the data is the zero DataType where either will do. An error of the connection is
// returned as such. It takes two round trips.
func checkSchema(ctx context.Context, conn *pgx.Conn, schema string, want command.DataType, purpose purpose) (command.DataType, error) {
	facts, err := readFacts(ctx, conn, schema, purpose)
	if err != nil {
		return "", fmt.Errorf("groupcommit: check schema %q: %w", schema, err)
	}
	if err := facts.checkAccess(schema); err != nil {
		return "", err
	}
	have, err := readVersion(ctx, conn, schema)
	if err != nil {
		return "", fmt.Errorf("groupcommit: read the version of schema %q: %w", schema, err)
	}
	if err := checkVersion(schema, have); err != nil {
		return "", err
	}
	if err := facts.checkTables(schema); err != nil {
		return "", err
	}
	return facts.dataType, checkDataType(schema, facts.dataType, want)
}

// readFacts and readVersion ask in one round trip each and leave no prepared statement behind.
func readFacts(ctx context.Context, conn *pgx.Conn, schema string, purpose purpose) (*storeFacts, error) {
	var f storeFacts
	err := conn.QueryRow(ctx, storeFactsSQL, pgx.QueryExecModeExec, schema, []string(purpose)).
		Scan(&f.role, &f.tables, &f.denied, &f.hidden, &f.altered, &f.dataType)
	return &f, err
}

func readVersion(ctx context.Context, conn *pgx.Conn, schema string) (int64, error) {
	var version int64
	err := conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+quote(schema, versionTable), pgx.QueryExecModeExec).
		Scan(&version)
	return version, err
}

// checkAccess judges what must hold before the version can be read. Where more than one thing is wrong, it tells the one
// that has to be put right first.
func (f *storeFacts) checkAccess(schema string) error {
	switch {
	case !slices.Contains(f.tables, versionTable):
		return missingSchema(schema)
	case len(f.denied) > 0:
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaPrivileges,
			Detail:  fmt.Sprintf("role %q needs a GRANT of %s", f.role, strings.Join(f.denied, ", ")),
		}
	case len(f.hidden) > 0:
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaRowLevel,
			Detail: fmt.Sprintf("row-level security applies to role %q on %s: disable it there or give the role BYPASSRLS",
				f.role, strings.Join(f.hidden, ", ")),
		}
	}
	return nil
}

// checkTables judges whether the tables are those that the version promises, with all that the safety of writing rests on: a restore that
// failed half way, or a statement that was to speed up an import, may have left them without it.
func (f *storeFacts) checkTables(schema string) error {
	for _, table := range storeTables {
		if !slices.Contains(f.tables, table) {
			return incompleteSchema(schema, "table "+table)
		}
	}
	if len(f.altered) > 0 {
		return &command.SchemaError{
			Schema:  schema,
			Problem: command.SchemaAltered,
			Detail:  strings.Join(f.altered, "; ") + ": restore what its migration made",
		}
	}
	return nil
}
