package pg

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// allVersions are those of a schema whose migrations each ran once.
func allVersions() (versions []int64) {
	for version := range migrations.Latest + 1 {
		versions = append(versions, version)
	}
	return versions
}

func TestMigrateFresh(t *testing.T) {
	schema := pgtest.Schema(t)
	if err := Migrate(t.Context(), testConfig(t), schema, ""); err != nil {
		t.Fatal(err)
	}
	log := readLog(t, schema)
	if !slices.Equal(log.versions, allVersions()) {
		t.Errorf("versions recorded: %v, want %v", log.versions, allVersions())
	}
	if log.commits != 1 || log.id == uuid.Nil || log.dataType != command.DataJSONB {
		t.Errorf("the log begins with %d commits, the first being %s, and data of type %s", log.commits, log.id, log.dataType)
	}
}

func TestMigrateAgainChangesNothing(t *testing.T) {
	schema := migratedSchema(t)
	before := readLog(t, schema)
	if err := Migrate(t.Context(), testConfig(t), schema, ""); err != nil {
		t.Fatal(err)
	}
	if after := readLog(t, schema); !after.equal(before) {
		t.Errorf("log is %+v, was %+v", after, before)
	}
}

func TestMigrateConcurrently(t *testing.T) {
	const processes = 8
	schema := pgtest.Schema(t)
	config := testConfig(t)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range processes {
		wg.Go(func() {
			<-start
			if err := Migrate(t.Context(), config, schema, ""); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	if log := readLog(t, schema); !slices.Equal(log.versions, allVersions()) || log.commits != 1 {
		t.Errorf("versions recorded: %v, commits: %d; want each migration once and one commit", log.versions, log.commits)
	}
}

func TestMigrateKeepsTheDataType(t *testing.T) {
	for _, created := range dataTypes {
		schema := createdSchema(t, created)
		before := readLog(t, schema)
		for _, asked := range []command.DataType{"", command.DataJSONB, command.DataBytea} {
			err := Migrate(t.Context(), testConfig(t), schema, asked)
			if asked == "" || asked == created {
				if err != nil {
					t.Errorf("created with %s, asked for %q: %v", created, asked, err)
				}
			} else {
				wantProblem(t, err, command.SchemaDataType, "created with data of type "+string(created))
			}
			if after := readLog(t, schema); !after.equal(before) || after.dataType != created {
				t.Errorf("log is %+v, was %+v", after, before)
			}
		}
	}
}

func TestMigrateAsksForTheDataTypeOfWhatIsMissing(t *testing.T) {
	schema := migratedSchema(t)
	pgtest.Exec(t, "DROP TABLE "+quote(schema, "events"))
	wantProblem(t, Migrate(t.Context(), testConfig(t), schema, command.DataJSONB), command.SchemaMissing, "events.data")
}

// Of those who create one schema with different types one is the first, and the others are told.
func TestMigrateConcurrentlyWithOtherDataTypes(t *testing.T) {
	const each = 4
	schema := pgtest.Schema(t)
	config := testConfig(t)
	var errs [2][each]error
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, asked := range dataTypes {
		for j := range each {
			wg.Go(func() {
				<-start
				errs[i][j] = Migrate(t.Context(), config, schema, asked)
			})
		}
	}
	close(start)
	wg.Wait()
	log := readLog(t, schema)
	if !slices.Equal(log.versions, allVersions()) || log.commits != 1 {
		t.Errorf("versions recorded: %v, commits: %d; want each migration once and one commit", log.versions, log.commits)
	}
	for i, asked := range dataTypes {
		for _, err := range errs[i] {
			if asked != log.dataType {
				wantProblem(t, err, command.SchemaDataType)
			} else if err != nil {
				t.Errorf("asked for %s, which it is: %v", asked, err)
			}
		}
	}
}

// Nobody ever sees the table as it would be without the choice: it is looked at after every statement of the one who migrates.
func TestMigrateCreatesTheDataTypeAtOnce(t *testing.T) {
	schema := pgtest.Schema(t)
	other := pgtest.Conn(t)
	var seen []command.DataType
	config := testConfig(t)
	config.Tracer = afterEach(func() {
		facts, err := readFacts(t.Context(), other, schema, toWrite)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, facts.dataType)
	})
	if err := Migrate(t.Context(), config, schema, command.DataBytea); err != nil {
		t.Fatal(err)
	}
	if seen = slices.Compact(seen); !slices.Equal(seen, []command.DataType{"", command.DataBytea}) {
		t.Errorf("another process saw %q", seen)
	}
}

func TestMigrateNewer(t *testing.T) {
	schema := migratedSchema(t)
	pgtest.Exec(t, "INSERT INTO "+quote(schema, versionTable)+" (version_id, is_applied) VALUES ($1, true)", migrations.Latest+1)
	before := readLog(t, schema)

	problem := wantProblem(t, Migrate(t.Context(), testConfig(t), schema, ""), command.SchemaNewer, "upgrade")
	if problem.Have != migrations.Latest+1 || problem.Want != migrations.Latest {
		t.Errorf("have %d, want %d", problem.Have, problem.Want)
	}
	if after := readLog(t, schema); !after.equal(before) {
		t.Errorf("log is %+v, was %+v", after, before)
	}
}

func TestMigrateNamesTheMigrationThatFailed(t *testing.T) {
	schema := migratedSchema(t)
	pgtest.Exec(t, "DELETE FROM "+quote(schema, versionTable)+" WHERE version_id > 0")
	before := readLog(t, schema)

	err := Migrate(t.Context(), testConfig(t), schema, "")
	if err == nil || !strings.Contains(err.Error(), "00001_event_log.sql") {
		t.Errorf("error does not name the migration: %v", err)
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Code != "42P07" {
		t.Errorf("error does not wrap duplicate_table: %v", err)
	}
	if after := readLog(t, schema); !after.equal(before) {
		t.Errorf("log is %+v, was %+v", after, before)
	}
}

func TestMigrateWaitsForAnotherProcess(t *testing.T) {
	schema := pgtest.Schema(t)
	other := pgtest.Conn(t)
	lock := int64(migrationLock(schema))
	mustExec(t, other, "SELECT pg_advisory_lock($1)", lock)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config := testConfig(t)
	config.Tracer = onLockAttempt(3, cancel)
	if err := Migrate(ctx, config, schema, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the end of ctx", err)
	}
	if tableExists(t, schema, versionTable) {
		t.Error("migrated while another process held the lock")
	}

	config.Tracer = onLockAttempt(3, func() { mustExec(t, other, "SELECT pg_advisory_unlock($1)", lock) })
	if err := Migrate(t.Context(), config, schema, ""); err != nil {
		t.Fatal(err)
	}
	if !tableExists(t, schema, "events") {
		t.Error("not migrated once the other process let go")
	}
}

func TestMigratePrivileges(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		schema := pgtest.Schema(t)
		role := newRole(t)
		wantProblem(t, Migrate(t.Context(), role.config, schema, ""), command.SchemaPrivileges, "owns it or may create it")
	})
	t.Run("owner of the schema", func(t *testing.T) {
		schema := pgtest.Schema(t)
		role := newRole(t)
		pgtest.Exec(t, "CREATE SCHEMA "+quote(schema)+" AUTHORIZATION "+role.name)
		if err := Migrate(t.Context(), role.config, schema, ""); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("may use the schema", func(t *testing.T) {
		schema := pgtest.Schema(t)
		role := newRole(t)
		pgtest.Exec(t, "CREATE SCHEMA "+quote(schema))
		pgtest.Exec(t, "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+role.name)
		wantProblem(t, Migrate(t.Context(), role.config, schema, ""), command.SchemaPrivileges, role.name, "a GRANT of CREATE ON SCHEMA")
	})
	t.Run("may create in a schema that it may not use", func(t *testing.T) {
		schema := pgtest.Schema(t)
		role := newRole(t)
		pgtest.Exec(t, "CREATE SCHEMA "+quote(schema))
		pgtest.Exec(t, "GRANT CREATE ON SCHEMA "+quote(schema)+" TO "+role.name)
		wantProblem(t, Migrate(t.Context(), role.config, schema, ""), command.SchemaPrivileges, role.name, "a GRANT of USAGE ON SCHEMA")
	})
	t.Run("may not use what is migrated", func(t *testing.T) {
		schema := migratedSchema(t)
		role := newRole(t)
		wantProblem(t, Migrate(t.Context(), role.config, schema, ""), command.SchemaPrivileges, role.name, "a GRANT of USAGE ON SCHEMA")
	})
	t.Run("nothing to do", func(t *testing.T) {
		schema := migratedSchema(t)
		role := newRole(t)
		pgtest.Exec(t, "GRANT USAGE ON SCHEMA "+quote(schema)+" TO "+role.name)
		if err := Migrate(t.Context(), role.config, schema, command.DataJSONB); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMigrateReadOnly(t *testing.T) {
	schema := pgtest.Schema(t)
	config := testConfig(t)
	config.RuntimeParams["default_transaction_read_only"] = "on"
	wantProblem(t, Migrate(t.Context(), config, schema, ""), command.SchemaReadOnly, "connect to the primary")
}

func TestMigrateRefusesNameBeforeConnecting(t *testing.T) {
	config := testConfig(t)
	var w wire
	w.tap(config)
	wantProblem(t, Migrate(t.Context(), config, `x"; DROP SCHEMA public; --`, ""), command.SchemaName)
	if w.opened.Load() != 0 {
		t.Error("connected")
	}
}

func TestMigrateClosesItsConnections(t *testing.T) {
	schema := pgtest.Schema(t)
	config := testConfig(t)
	var w wire
	w.tap(config)
	if err := Migrate(t.Context(), config, schema, ""); err != nil {
		t.Fatal(err)
	}
	if opened, closed := w.opened.Load(), w.closed.Load(); opened == 0 || closed != opened {
		t.Errorf("%d connections opened, %d closed", opened, closed)
	}
}

func TestMigrateLeavesTheConfigAlone(t *testing.T) {
	config := testConfig(t)
	before := config.Copy()
	if err := Migrate(t.Context(), config, pgtest.Schema(t), ""); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(config.RuntimeParams, before.RuntimeParams) || config.AfterConnect != nil {
		t.Error("config was changed")
	}
}

func TestMigrateConnectionError(t *testing.T) {
	config := testConfig(t)
	refused := errors.New("refused by the test")
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	err := Migrate(t.Context(), config, "groupcommit", "")
	if !errors.Is(err, refused) {
		t.Errorf("error does not wrap its cause: %v", err)
	}
	if _, ok := errors.AsType[*command.SchemaError](err); ok {
		t.Errorf("an error of the connection is told as one of the schema: %v", err)
	}
}

// migratedSchema returns a schema of its own for the test, as Migrate leaves it.
func migratedSchema(t *testing.T) string {
	t.Helper()
	return createdSchema(t, "")
}

var dataTypes = []command.DataType{command.DataJSONB, command.DataBytea}

// createdSchema is a migratedSchema with data of this type.
func createdSchema(t *testing.T, dataType command.DataType) string {
	t.Helper()
	schema := pgtest.Schema(t)
	if err := Migrate(t.Context(), testConfig(t), schema, dataType); err != nil {
		t.Fatal(err)
	}
	return schema
}

func testConfig(t *testing.T) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// logState is what of a log a migration must keep.
type logState struct {
	versions []int64
	commits  int
	id       uuid.UUID
	dataType command.DataType
}

func (s logState) equal(other logState) bool {
	return slices.Equal(s.versions, other.versions) && s.commits == other.commits && s.id == other.id && s.dataType == other.dataType
}

func readLog(t *testing.T, schema string) logState {
	t.Helper()
	var s logState
	err := pgtest.Conn(t).QueryRow(t.Context(), `
		SELECT ARRAY(SELECT version_id FROM `+quote(schema, versionTable)+` ORDER BY id),
		       (SELECT count(*) FROM `+quote(schema, "commits")+`),
		       (SELECT commit_id FROM `+quote(schema, "commits")+` WHERE previous = -1),
		       (SELECT data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'events' AND column_name = 'data')`,
		schema).Scan(&s.versions, &s.commits, &s.id, &s.dataType)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tableExists(t *testing.T, schema, table string) bool {
	t.Helper()
	var exists bool
	err := pgtest.Conn(t).QueryRow(t.Context(), "SELECT to_regclass($1) IS NOT NULL", quote(schema, table)).Scan(&exists)
	if err != nil {
		t.Fatal(err)
	}
	return exists
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// wantProblem fails the test unless err is a *command.SchemaError of that kind whose detail contains the words.
func wantProblem(t *testing.T, err error, problem command.SchemaProblem, words ...string) *command.SchemaError {
	t.Helper()
	found, ok := errors.AsType[*command.SchemaError](err)
	if !ok || found.Problem != problem {
		t.Fatalf("error is %v, want a SchemaError: %s", err, problem)
	}
	for _, word := range words {
		if !strings.Contains(found.Detail, word) {
			t.Errorf("detail %q does not contain %q", found.Detail, word)
		}
	}
	return found
}

// testRole is a role that may log in and nothing else.
type testRole struct {
	name   string
	config *pgx.ConnConfig
}

func newRole(t *testing.T) testRole {
	t.Helper()
	config := testConfig(t)
	config.User = "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	config.Password = uuid.NewString()
	admin := pgtest.Conn(t)
	mustExec(t, admin, "CREATE ROLE "+config.User+" LOGIN PASSWORD '"+config.Password+"'")
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP OWNED BY "+config.User+" CASCADE; DROP ROLE "+config.User); err != nil {
			t.Error(err)
		}
	})
	return testRole{name: config.User, config: config}
}

func (r testRole) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), r.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// wire counts what connections do.
type wire struct {
	opened, closed, writes atomic.Int64
}

func (w *wire) tap(config *pgx.ConnConfig) {
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		w.opened.Add(1)
		return &tappedConn{Conn: conn, wire: w}, nil
	}
}

type tappedConn struct {
	net.Conn
	wire *wire
	once sync.Once
}

func (c *tappedConn) Write(b []byte) (int, error) {
	c.wire.writes.Add(1)
	return c.Conn.Write(b)
}

func (c *tappedConn) Close() error {
	c.once.Do(func() { c.wire.closed.Add(1) })
	return c.Conn.Close()
}

// onLockAttempt returns a tracer that calls do when the migration lock was asked for that many times.
func onLockAttempt(attempts int, do func()) pgx.QueryTracer {
	return &lockTracer{left: attempts, do: do}
}

type lockTracer struct {
	left int
	do   func()
}

func (l *lockTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, query pgx.TraceQueryStartData) context.Context {
	if strings.Contains(query.SQL, "pg_try_advisory_lock") {
		if l.left--; l.left == 0 {
			l.do()
		}
	}
	return ctx
}

func (l *lockTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// afterEach is a tracer that is called after every statement.
type afterEach func()

func (afterEach) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (do afterEach) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) { do() }
