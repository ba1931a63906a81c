package pg

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/migrations"
)

// TestCheckStore passes for a role with exactly the privileges that the documentation names, and takes two round trips.
func TestCheckStore(t *testing.T) {
	for _, created := range dataTypes {
		schema := createdSchema(t, created)
		role := newWriter(t, schema)
		var w wire
		w.tap(role.config)
		conn := role.connect(t)
		for _, want := range []command.DataType{"", created} {
			before := w.writes.Load()
			if found, err := checkSchema(t.Context(), conn, schema, want, toWrite); err != nil || found != created {
				t.Errorf("created with %s, wanted %q: found %q, %v", created, want, found, err)
			}
			if trips := w.writes.Load() - before; trips != 2 {
				t.Errorf("%d round trips, want 2", trips)
			}
		}
	}
}

func TestCheckStoreMissing(t *testing.T) {
	t.Run("schema", func(t *testing.T) {
		wantMissing(t, pgtest.Schema(t))
	})
	t.Run("tables", func(t *testing.T) {
		schema := pgtest.Schema(t)
		pgtest.Exec(t, "CREATE SCHEMA "+quote(schema))
		wantMissing(t, schema)
	})
	t.Run("tables, with others elsewhere on the search_path", func(t *testing.T) {
		conn := schemaConn(t, migratedSchema(t))
		wantProblem(t, storeError(t, conn, pgtest.Schema(t)), command.SchemaMissing)
	})
	t.Run("one table", func(t *testing.T) {
		schema := migratedSchema(t)
		pgtest.Exec(t, "DROP TABLE "+quote(schema, "command_ids"))
		wantProblem(t, storeError(t, pgtest.Conn(t), schema), command.SchemaMissing, "command_ids")
	})
}

func wantMissing(t *testing.T, schema string) {
	t.Helper()
	problem := wantProblem(t, storeError(t, pgtest.Conn(t), schema), command.SchemaMissing,
		"call groupcommit.Migrate, or Open with Config.Migrate")
	if problem.Schema != schema {
		t.Errorf("the error is about %q, want %q", problem.Schema, schema)
	}
}

func TestCheckStoreOlder(t *testing.T) {
	schema := migratedSchema(t)
	pgtest.Exec(t, "DELETE FROM "+quote(schema, versionTable)+" WHERE version_id = $1", migrations.Latest)
	problem := wantProblem(t, storeError(t, pgtest.Conn(t), schema), command.SchemaOlder,
		"call groupcommit.Migrate, or Open with Config.Migrate")
	if problem.Have >= migrations.Latest || problem.Want != migrations.Latest {
		t.Errorf("have %d, want %d", problem.Have, problem.Want)
	}
}

func TestCheckStoreNewer(t *testing.T) {
	schema := migratedSchema(t)
	pgtest.Exec(t, "INSERT INTO "+quote(schema, versionTable)+" (version_id, is_applied) VALUES ($1, true)", migrations.Latest+1)
	problem := wantProblem(t, storeError(t, pgtest.Conn(t), schema), command.SchemaNewer, "upgrade")
	if problem.Have != migrations.Latest+1 || problem.Want != migrations.Latest {
		t.Errorf("have %d, want %d", problem.Have, problem.Want)
	}
}

func TestCheckStorePrivileges(t *testing.T) {
	schema := migratedSchema(t)
	for name, test := range map[string]struct {
		revoke []string
		denied []string
	}{
		"usage":      {[]string{"USAGE ON SCHEMA " + schema}, []string{"USAGE ON SCHEMA " + schema}},
		"insert":     {[]string{"INSERT ON events"}, []string{"INSERT ON " + schema + ".events"}},
		"select":     {[]string{"SELECT ON commits"}, []string{"SELECT ON " + schema + ".commits"}},
		"command ID": {[]string{"INSERT ON command_ids"}, []string{"INSERT ON " + schema + ".command_ids"}},
		"several": {
			[]string{"INSERT ON events", "INSERT, SELECT ON command_ids"},
			[]string{"INSERT ON " + schema + ".events", "INSERT ON " + schema + ".command_ids", "SELECT ON " + schema + ".command_ids"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			role := newWriter(t, schema)
			owner := schemaConn(t, schema)
			for _, privilege := range test.revoke {
				mustExec(t, owner, "REVOKE "+privilege+" FROM "+role.name)
			}
			problem := wantProblem(t, storeError(t, role.connect(t), schema), command.SchemaPrivileges,
				append(test.denied, role.name)...)
			if named := strings.Count(problem.Detail, " ON "); named != len(test.denied) {
				t.Errorf("detail %q names %d privileges, want %d", problem.Detail, named, len(test.denied))
			}
		})
	}
	t.Run("version", func(t *testing.T) {
		schema := migratedSchema(t)
		role := newWriter(t, schema)
		pgtest.Exec(t, "REVOKE SELECT ON "+quote(schema, versionTable)+" FROM PUBLIC")
		wantProblem(t, storeError(t, role.connect(t), schema), command.SchemaPrivileges, "SELECT ON "+schema+"."+versionTable)
	})
}

func TestCheckStoreRowLevelSecurity(t *testing.T) {
	for _, table := range []string{"events", "commits", "command_ids", versionTable} {
		t.Run(table, func(t *testing.T) {
			schema := migratedSchema(t)
			role := newWriter(t, schema)
			pgtest.Exec(t, "ALTER TABLE "+quote(schema, table)+" ENABLE ROW LEVEL SECURITY")
			wantProblem(t, storeError(t, role.connect(t), schema), command.SchemaRowLevel, table, role.name)

			pgtest.Exec(t, "ALTER ROLE "+role.name+" BYPASSRLS")
			if err := storeError(t, role.connect(t), schema); err != nil {
				t.Errorf("a role that sees all rows: %v", err)
			}
		})
	}
}

func TestCheckStoreDataType(t *testing.T) {
	jsonb, bytea := createdSchema(t, command.DataJSONB), createdSchema(t, command.DataBytea)
	_, err := checkSchema(t.Context(), pgtest.Conn(t), jsonb, command.DataBytea, toWrite)
	wantProblem(t, err, command.SchemaDataType, "created with data of type jsonb", "say jsonb")
	_, err = checkSchema(t.Context(), pgtest.Conn(t), bytea, command.DataJSONB, toWrite)
	wantProblem(t, err, command.SchemaDataType, "created with data of type bytea", "say bytea")

	pgtest.Exec(t, "ALTER TABLE "+quote(jsonb, "events")+" ALTER data TYPE text")
	wantProblem(t, storeError(t, pgtest.Conn(t), jsonb), command.SchemaNewer, "text", "jsonb and bytea", "upgrade the program")
	pgtest.Exec(t, "ALTER TABLE "+quote(bytea, "events")+" DROP data")
	wantProblem(t, storeError(t, pgtest.Conn(t), bytea), command.SchemaMissing, "events.data")
}

// What the safety of writing rests on is there and in force.
func TestCheckStoreAltered(t *testing.T) {
	for change, found := range map[string]string{
		"ALTER TABLE commits DROP CONSTRAINT commits_parent_fkey":                "commits_parent_fkey",
		"ALTER TABLE commits DISABLE TRIGGER ALL":                                "commits_parent_fkey",
		"ALTER TABLE events DROP CONSTRAINT events_position_key":                 "events_position_key",
		"ALTER TABLE events DROP CONSTRAINT events_stream_version_key":           "events_stream_version_key",
		"ALTER TABLE command_ids DROP CONSTRAINT command_ids_pkey":               "command_ids_pkey",
		"ALTER TABLE commits DROP CONSTRAINT commits_pkey":                       "commits_pkey",
		"ALTER TABLE commits DROP CONSTRAINT commits_last_commit_id_key CASCADE": "commits_last_commit_id_key",
		"ALTER TABLE events SET UNLOGGED":                                        "table events is not logged",
		notValid:                                                                 "commits_parent_fkey",
	} {
		t.Run(change, func(t *testing.T) {
			schema := migratedSchema(t)
			mustExec(t, schemaConn(t, schema), change)
			wantProblem(t, storeError(t, pgtest.Conn(t), schema), command.SchemaAltered, found, "restore what its migration made")
		})
	}
}

// Every log has a first commit, which is its identity.
func TestOpenWithoutFirstCommit(t *testing.T) {
	schema := migratedSchema(t)
	conn := schemaConn(t, schema)
	mustExec(t, conn, "ALTER TABLE commits DISABLE TRIGGER append_only")
	mustExec(t, conn, "DELETE FROM commits")
	_, _, err := openAs(t, testConfig(t), Config{Schema: schema})
	wantProblem(t, err, command.SchemaMissing, "the first row of table commits")
}

// notValid puts the foreign key back without a look at the rows that are there.
const notValid = `ALTER TABLE commits DROP CONSTRAINT commits_parent_fkey,
	ADD CONSTRAINT commits_parent_fkey FOREIGN KEY (previous, parent) REFERENCES commits (last, commit_id) DEFERRABLE INITIALLY DEFERRED NOT VALID`

func TestCheckStoreConnectionError(t *testing.T) {
	conn := pgtest.Conn(t)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := storeError(t, conn, "groupcommit")
	if err == nil {
		t.Fatal("no error on a closed connection")
	}
	if _, ok := errors.AsType[*command.SchemaError](err); ok {
		t.Errorf("an error of the connection is told as one of the schema: %v", err)
	}
}

// storeError judges a schema whose data may be of either type.
func storeError(t *testing.T, conn *pgx.Conn, schema string) error {
	t.Helper()
	_, err := checkSchema(t.Context(), conn, schema, "", toWrite)
	return err
}

// newWriter returns a role that may do what a store needs and nothing else.
func newWriter(t *testing.T, schema string) testRole {
	t.Helper()
	role := newRole(t)
	owner := schemaConn(t, schema)
	mustExec(t, owner, "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+role.name)
	mustExec(t, owner, "GRANT SELECT, INSERT ON events, commits, command_ids TO "+role.name)
	return role
}
