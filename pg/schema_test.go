package pg

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/migrations"
)

func TestCheckSchemaName(t *testing.T) {
	for _, name := range []string{"groupcommit", "_", "a1_b2", "user", "pg", "pgx", strings.Repeat("a", 63)} {
		if err := checkSchemaName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", strings.Repeat("a", 64), "Groupcommit", "1a", "a-b", "a b", "a.b", `a"b`, `"a"`, "a'b", "a;b", "a$b", "a\x00", "a\n", "é",
		"pg_", "pg_catalog", "public", "information_schema",
	} {
		if problem := wantProblem(t, checkSchemaName(name), command.SchemaName); problem.Schema != name {
			t.Errorf("%q: the error is about %q", name, problem.Schema)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	if err := checkVersion("s", migrations.Latest); err != nil {
		t.Errorf("latest: %v", err)
	}
	for _, test := range []struct {
		have    int64
		problem command.SchemaProblem
		words   string
	}{
		{0, command.SchemaOlder, "call groupcommit.Migrate, or Open with Config.Migrate"},
		{migrations.Latest - 1, command.SchemaOlder, "call groupcommit.Migrate, or Open with Config.Migrate"},
		{migrations.Latest + 1, command.SchemaNewer, "upgrade the program"},
	} {
		problem := wantProblem(t, checkVersion("s", test.have), test.problem, test.words)
		if problem.Schema != "s" || problem.Have != test.have || problem.Want != migrations.Latest {
			t.Errorf("version %d: %+v", test.have, problem)
		}
	}
}

func TestAppendOnly(t *testing.T) {
	conn := schemaConn(t, migratedSchema(t))
	for _, sql := range []string{
		"UPDATE events SET version = version",
		"DELETE FROM events WHERE false",
		"TRUNCATE events",
		"INSERT INTO events SELECT * FROM events ON CONFLICT (position) DO UPDATE SET version = 1",
		"UPDATE commits SET commands = commands",
		"DELETE FROM commits",
		"TRUNCATE commits",
		"INSERT INTO commits SELECT * FROM commits ON CONFLICT (previous) DO UPDATE SET commands = 1",
	} {
		pgErr := wantSQLState(t, execError(t, conn, sql), "55000", "")
		if !strings.Contains(pgErr.Message, "append-only") {
			t.Errorf("%s: the message does not say why: %s", sql, pgErr.Message)
		}
	}
}

func TestGenesis(t *testing.T) {
	first, second := genesis(t, schemaConn(t, migratedSchema(t))), genesis(t, schemaConn(t, migratedSchema(t)))
	if first.last != 0 || first.id == second.id {
		t.Errorf("two logs begin at %d with %s and %s, want 0 and different ones", first.last, first.id, second.id)
	}
}

func TestChain(t *testing.T) {
	conn := schemaConn(t, migratedSchema(t))
	root := genesis(t, conn)
	first := chainCommit{parent: root, last: 3, id: uuid.New()}
	second := chainCommit{parent: first.end(), last: 5, id: uuid.New()}
	if err := first.insert(t, conn); err != nil {
		t.Fatal(err)
	}
	if err := second.insert(t, conn); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		commit     chainCommit
		state      string
		constraint string
	}{
		"two after one position":  {chainCommit{parent: root, last: 1}, "23505", "commits_pkey"},
		"two with one end and id": {chainCommit{parent: chainEnd{4, uuid.New()}, last: 5, id: second.id}, "23505", "commits_last_commit_id_key"},
		"after a missing commit":  {chainCommit{parent: chainEnd{17, uuid.New()}, last: 18}, "23503", "commits_parent_fkey"},
		"after another commit":    {chainCommit{parent: chainEnd{5, uuid.New()}, last: 6}, "23503", "commits_parent_fkey"},
		"after the wrong end":     {chainCommit{parent: chainEnd{6, second.id}, last: 7}, "23503", "commits_parent_fkey"},
		"without an event":        {chainCommit{parent: second.end(), last: 5}, "23514", "commits_last_check"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.commit.id == uuid.Nil {
				test.commit.id = uuid.New()
			}
			wantSQLState(t, test.commit.insert(t, conn), test.state, test.constraint)
		})
	}
}

// TestChainInFlight walks through two transactions of which one follows the other before that is committed.
func TestChainInFlight(t *testing.T) {
	for name, parentCommits := range map[string]bool{"parent committed first": true, "parent rolled back": false} {
		t.Run(name, func(t *testing.T) {
			schema := migratedSchema(t)
			parentConn, childConn := schemaConn(t, schema), schemaConn(t, schema)
			parent := chainCommit{parent: genesis(t, parentConn), last: 1, id: uuid.New()}
			child := chainCommit{parent: parent.end(), last: 2, id: uuid.New()}

			mustExec(t, parentConn, "BEGIN")
			mustExec(t, childConn, "BEGIN")
			if err := parent.insert(t, parentConn); err != nil {
				t.Fatal(err)
			}
			if err := child.insert(t, childConn); err != nil {
				t.Fatalf("the parent is asked for before COMMIT: %v", err)
			}
			if !parentCommits {
				mustExec(t, parentConn, "ROLLBACK")
				wantSQLState(t, execError(t, childConn, "COMMIT"), "23503", "commits_parent_fkey")
				return
			}
			mustExec(t, parentConn, "COMMIT")
			mustExec(t, childConn, "COMMIT")
		})
	}
}

func TestEventKeys(t *testing.T) {
	conn := schemaConn(t, migratedSchema(t))
	insert := func(position int, stream string, version int) error {
		_, err := conn.Exec(t.Context(), `
			INSERT INTO events (position, stream, version, event_id, type, data, recorded_at)
			VALUES ($1, $2, $3, gen_random_uuid(), 'happened', '{}', now())`, position, stream, version)
		return err
	}
	if err := insert(1, "a", 1); err != nil {
		t.Fatal(err)
	}
	wantSQLState(t, insert(1, "b", 1), "23505", "events_position_key")
	wantSQLState(t, insert(2, "a", 1), "23505", "events_stream_version_key")
	if err := insert(2, "a", 2); err != nil {
		t.Error(err)
	}
	if err := insert(3, "b", 1); err != nil {
		t.Error(err)
	}
}

// TestColumns compares every column with what the encoding of rows relies on.
func TestColumns(t *testing.T) {
	const query = `
		SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
		       || CASE WHEN a.attcollation = '"C"'::regcollation THEN ' C' ELSE '' END
		       || CASE WHEN a.attnotnull THEN '' ELSE ' NULL' END
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = $1::regnamespace AND c.relname IN ('events', 'commits', 'command_ids') AND a.attnum > 0
		ORDER BY array_position('{events,commits,command_ids}', c.relname::text), a.attnum`
	for _, dataType := range dataTypes {
		schema := createdSchema(t, dataType)
		got := collect[string](t, schemaConn(t, schema), query, schema)
		if want := columns(dataType); !slices.Equal(got, want) {
			t.Errorf("columns are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func columns(dataType command.DataType) []string {
	return []string{
		"events.position bigint", "events.stream text C", "events.version bigint", "events.event_id uuid", "events.type text C",
		"events.data " + string(dataType), "events.metadata jsonb NULL", "events.recorded_at timestamp with time zone",
		"commits.previous bigint", "commits.last bigint", "commits.commit_id uuid", "commits.parent uuid NULL",
		"commits.commands integer", "commits.writer uuid", "commits.committed_at timestamp with time zone",
		"command_ids.command_id uuid", "command_ids.fingerprint bytea", "command_ids.first bigint", "command_ids.last bigint",
		"command_ids.versions bigint[]", "command_ids.committed_at timestamp with time zone",
	}
}

// TestNoRowTriggers keeps the price of an insert: what fires for each row of events is paid a million times.
func TestNoRowTriggers(t *testing.T) {
	schema := migratedSchema(t)
	conn := schemaConn(t, schema)
	all := collect[string](t, conn, `
		SELECT tgname::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
		WHERE c.relnamespace = $1::regnamespace AND NOT tgisinternal`, schema)
	perRow := collect[string](t, conn, `
		SELECT c.relname || ': ' || tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
		WHERE c.relnamespace = $1::regnamespace AND (NOT tgisinternal OR c.relname <> 'commits') AND tgtype & 1 = 1`, schema)
	if len(all) != 2 || len(perRow) != 0 {
		t.Errorf("triggers: %v, for each row: %v", all, perRow)
	}
}

func TestVacuumThresholdsDoNotGrow(t *testing.T) {
	schema := migratedSchema(t)
	tables := collect[string](t, schemaConn(t, schema), `
		SELECT relname::text FROM pg_class
		WHERE relnamespace = $1::regnamespace AND reloptions @> '{autovacuum_vacuum_insert_scale_factor=0}'
		ORDER BY relname`, schema)
	if got := strings.Join(tables, " "); got != "command_ids commits events" {
		t.Errorf("fixed thresholds for %q", got)
	}
}

func TestEverythingIsCommented(t *testing.T) {
	schema := migratedSchema(t)
	missing := collect[string](t, schemaConn(t, schema), `
		SELECT c.relname || coalesce('.' || a.attname, '')
		FROM pg_class c
		CROSS JOIN LATERAL (
		    SELECT 0 AS attnum, NULL::name AS attname
		    UNION ALL
		    SELECT attnum, attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
		) a
		WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_version'
		  AND NOT EXISTS (SELECT FROM pg_description d
		                  WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum)`,
		schema)
	if len(missing) > 0 {
		t.Errorf("no comment on %v", missing)
	}
}

func TestPruneCommandIDs(t *testing.T) {
	schema := migratedSchema(t)
	conn := schemaConn(t, schema)
	mustExec(t, conn, `
		INSERT INTO command_ids
		SELECT gen_random_uuid(), '', days, days, '{1}', now() - make_interval(days => days) FROM unnest('{1,6,8,30}'::int[]) days`)
	const ages = "SELECT first FROM command_ids ORDER BY first"

	for _, bad := range []string{"NULL", "'-1 second'"} {
		wantSQLState(t, execError(t, conn, "SELECT prune_command_ids("+bad+")"), "22023", "")
	}
	if left := collect[int64](t, conn, ages); len(left) != 4 {
		t.Fatalf("a refused call pruned: %v are left", left)
	}

	// A table of the same name that a caller has in its search_path must not be taken for ours.
	mustExec(t, conn, "CREATE TEMPORARY TABLE command_ids (committed_at timestamptz)")
	mustExec(t, conn, "SET search_path TO public")
	if pruned := collect[int64](t, conn, "SELECT "+quote(schema)+".prune_command_ids('7 days')"); !slices.Equal(pruned, []int64{2}) {
		t.Errorf("pruned %d, want 2", pruned)
	}
	mustExec(t, conn, "DROP TABLE pg_temp.command_ids")
	mustExec(t, conn, "SET search_path TO "+quote(schema))
	if left := collect[int64](t, conn, ages); !slices.Equal(left, []int64{1, 6}) {
		t.Errorf("days old and left: %v, want 1 and 6", left)
	}
}

func TestPruneCommandIDsIsForTheOwner(t *testing.T) {
	schema := migratedSchema(t)
	role := newRole(t)
	pgtest.Exec(t, "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+role.name)
	pgtest.Exec(t, "GRANT ALL ON ALL TABLES IN SCHEMA "+quote(schema)+" TO "+role.name)
	wantSQLState(t, execError(t, role.connect(t), "SELECT "+quote(schema)+".prune_command_ids('7 days')"), "42501", "")
}

// chainEnd is where a commit ends, and which one it is.
type chainEnd struct {
	last int64
	id   uuid.UUID
}

type chainCommit struct {
	parent chainEnd
	last   int64
	id     uuid.UUID
}

func (c chainCommit) end() chainEnd { return chainEnd{c.last, c.id} }

func (c chainCommit) insert(t *testing.T, conn *pgx.Conn) error {
	t.Helper()
	_, err := conn.Exec(t.Context(), `
		INSERT INTO commits (previous, last, commit_id, parent, commands, writer, committed_at)
		VALUES ($1, $2, $3, $4, 1, gen_random_uuid(), now())`, c.parent.last, c.last, c.id, c.parent.id)
	return err
}

func genesis(t *testing.T, conn *pgx.Conn) chainEnd {
	t.Helper()
	var end chainEnd
	err := conn.QueryRow(t.Context(), `
		SELECT last, commit_id FROM commits
		WHERE previous = -1 AND parent IS NULL AND commands = 0 AND writer = '00000000-0000-0000-0000-000000000000'
		  AND committed_at = to_timestamp(0)`).Scan(&end.last, &end.id)
	if err != nil {
		t.Fatal(err)
	}
	return end
}

// schemaConn is a superuser's connection, which sees the tables without naming their schema.
func schemaConn(t *testing.T, schema string) *pgx.Conn {
	t.Helper()
	conn := pgtest.Conn(t)
	mustExec(t, conn, "SET search_path TO "+quote(schema))
	return conn
}

func collect[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func execError(t *testing.T, conn *pgx.Conn, sql string) error {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	if err == nil {
		t.Errorf("%s: no error", sql)
	}
	return err
}

func wantSQLState(t *testing.T, err error, state, constraint string) *pgconn.PgError {
	t.Helper()
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pgErr.Code != state || pgErr.ConstraintName != constraint {
		t.Fatalf("error is %v, want SQLSTATE %s %s", err, state, constraint)
	}
	return pgErr
}
