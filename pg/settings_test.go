package pg

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// A role without any setting of its own gives nothing to tell, on a server that keeps what it acknowledges.
func TestSoundSettings(t *testing.T) {
	schema := migratedSchema(t)
	for _, strict := range []bool{false, true} {
		if _, told := mustOpen(t, newWriter(t, schema).config, Config{Schema: schema, Strict: strict}); told.String() != "" {
			t.Errorf("strict %t: told\n%s", strict, told)
		}
	}
}

// What makes a commit less durable is told once, however many connections find it, and refused where that is asked for.
func TestWeakSettingsOfTheRole(t *testing.T) {
	schema := migratedSchema(t)
	for setting, value := range map[string]string{
		"synchronous_commit": "off", "zero_damaged_pages": "on", "ignore_checksum_failure": "on",
	} {
		t.Run(setting, func(t *testing.T) {
			role := newWriter(t, schema)
			pgtest.Exec(t, "ALTER ROLE "+role.name+" SET "+setting+" = "+value)
			_, told := mustOpen(t, role.config, Config{Schema: schema, InFlight: 4})
			wantTold(t, told, slog.LevelWarn, setting, value)
			_, _, err := openAs(t, role.config, Config{Schema: schema, Strict: true})
			wantSetting(t, err, setting, value)
		})
	}
}

func TestWeakSettingsOfTheServer(t *testing.T) {
	settings := map[string]string{
		"fsync": "off", "full_page_writes": "off", "data_sync_retry": "on",
		"synchronous_commit": "local", "synchronous_standby_names": "nobody",
	}
	config := serverWith(t, settings)
	_, told := mustOpen(t, config, Config{Migrate: true})
	_, _, err := openAs(t, config, Config{Strict: true})
	delete(settings, "synchronous_standby_names") // which is what makes local weak, and no weakness itself
	for setting, value := range settings {
		wantTold(t, told, slog.LevelWarn, setting, value)
		if err == nil || !strings.Contains(err.Error(), setting+" is "+value) {
			t.Errorf("strict: got %v, want %s in it", err, setting)
		}
	}
	if n := strings.Count(told.String(), "\n"); n != len(settings) {
		t.Errorf("told %d things, want %d:\n%s", n, len(settings), told)
	}
}

// Without a standby to wait for, local is all there is.
func TestLocalIsAllThereIs(t *testing.T) {
	schema := migratedSchema(t)
	role := newWriter(t, schema)
	pgtest.Exec(t, "ALTER ROLE "+role.name+" SET synchronous_commit = local")
	mustOpen(t, role.config, Config{Schema: schema, Strict: true})
}

// With Strict nothing is done to a database that is refused.
func TestStrictDoesNotMigrate(t *testing.T) {
	schema := pgtest.Schema(t)
	config := testConfig(t)
	config.RuntimeParams["synchronous_commit"] = "off"
	_, _, err := openAs(t, config, Config{Schema: schema, Migrate: true, Strict: true})
	wantSetting(t, err, "synchronous_commit", "off")
	if tableExists(t, schema, versionTable) {
		t.Error("it was migrated")
	}
}

func TestUnsafeSettingIsRefused(t *testing.T) {
	schema := migratedSchema(t)
	role := newWriter(t, schema)
	pgtest.Exec(t, "ALTER ROLE "+role.name+" SET session_replication_role = replica")
	_, _, err := openAs(t, role.config, Config{Schema: schema})
	wantSetting(t, err, "session_replication_role", "replica")
}

func TestReadOnlyRole(t *testing.T) {
	schema := migratedSchema(t)
	role := newWriter(t, schema)
	pgtest.Exec(t, "ALTER ROLE "+role.name+" SET default_transaction_read_only = on")
	_, _, err := openAs(t, role.config, Config{Schema: schema})
	wantProblem(t, err, command.SchemaReadOnly, "default_transaction_read_only", role.name)
}

// What somebody changes while a store is open holds for its next connections.
func TestSettingsAreJudgedAtReconnect(t *testing.T) {
	schema := migratedSchema(t)
	role := newWriter(t, schema)
	lenient, told := mustOpen(t, role.config, Config{Schema: schema})
	strict, _ := mustOpen(t, role.config, Config{Schema: schema, Strict: true})

	pgtest.Exec(t, "ALTER ROLE "+role.name+" SET synchronous_commit = off")
	for range 2 {
		if err := reconnect(t, lenient); err != nil {
			t.Error(err)
		}
	}
	wantTold(t, told, slog.LevelError, "synchronous_commit", "off")
	wantSetting(t, reconnect(t, strict), "synchronous_commit", "off")

	pgtest.Exec(t, "ALTER ROLE "+role.name+" SET session_replication_role = replica")
	wantSetting(t, reconnect(t, lenient), "session_replication_role", "replica")
	pgtest.Exec(t, "ALTER ROLE "+role.name+" RESET ALL")
	if err := errors.Join(reconnect(t, lenient), reconnect(t, strict)); err != nil {
		t.Error(err)
	}
}

// Whatever the role has, a session that writes has what writing relies on.
func TestSessionSettings(t *testing.T) {
	schema := migratedSchema(t)
	role := newWriter(t, schema)
	for setting, value := range map[string]string{
		"default_transaction_isolation": "serializable", "client_min_messages": "error", "client_encoding": "latin1",
		"lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
	} {
		pgtest.Exec(t, "ALTER ROLE "+role.name+" SET "+setting+" = '"+value+"'")
	}
	store, _ := mustOpen(t, role.config, Config{Schema: schema})
	writer := <-store.writers
	defer func() { store.writers <- writer }()
	for setting, want := range map[string]string{
		"transaction_isolation": "read committed", "client_min_messages": "warning", "client_encoding": "UTF8",
		"lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s",
	} {
		if got := collect[string](t, writer.conn, "SELECT current_setting($1)", setting); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	var encoding string
	if err := store.pool.QueryRow(t.Context(), "SHOW client_encoding").Scan(&encoding); err != nil || encoding != "UTF8" {
		t.Errorf("what is read comes in %s, %v", encoding, err)
	}
}

// A standby is no place to write, and none to look either: what it has not replayed yet is not lost. It is typed at Open, and refused when a
// connection that was lost leads there.
func TestStandby(t *testing.T) {
	server := pgtest.Server(t)
	config := serverConfig(t, server)
	store, _ := mustOpen(t, config, Config{Migrate: true})
	becomeStandby(t, server)

	for _, schema := range []string{DefaultSchema, "never_migrated"} {
		for _, migrate := range []bool{false, true} {
			_, _, err := openAs(t, config, Config{Schema: schema, Migrate: migrate})
			wantProblem(t, err, command.SchemaReadOnly, "standby", "connect to the primary")
		}
	}
	wantProblem(t, reconnect(t, store), command.SchemaReadOnly, "standby")
	for _, session := range []*session{&store.looker, &store.turn} {
		session.drop()
		_, err := session.get(t.Context())
		wantProblem(t, err, command.SchemaReadOnly, "standby")
	}

	wantProblem(t, Migrate(t.Context(), config, "never_migrated", ""), command.SchemaReadOnly, "connect to the primary")
	if err := Migrate(t.Context(), config, DefaultSchema, ""); err != nil {
		t.Errorf("nothing is to be migrated: %v", err)
	}
}

// becomeStandby restarts the server so that it does not leave recovery: it answers as a standby whose primary is away.
func becomeStandby(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	const signal = "DO $$ BEGIN EXECUTE format('COPY (SELECT) TO %L', current_setting('data_directory') || '/standby.signal'); END $$"
	if err := pgtest.ExecAt(server.URL(), signal); err != nil {
		t.Fatal(err)
	}
	restart(t, server)
}

// openAs opens a store with the connection settings of config. What Logger is told can be read while nobody writes.
func openAs(t *testing.T, connection *pgx.ConnConfig, config Config) (*Store, *strings.Builder, error) {
	t.Helper()
	pool, err := pgxpool.ParseConfig(connection.ConnString())
	if err != nil {
		t.Fatal(err)
	}
	pool.ConnConfig = connection
	var told strings.Builder
	config.Pool, config.Logger = pool, slog.New(slog.NewTextHandler(&told, nil))
	store, err := Open(t.Context(), config)
	if err == nil {
		t.Cleanup(store.Close)
	}
	return store, &told, err
}

func mustOpen(t *testing.T, connection *pgx.ConnConfig, config Config) (*Store, *strings.Builder) {
	t.Helper()
	store, told, err := openAs(t, connection, config)
	if err != nil {
		t.Fatal(err)
	}
	return store, told
}

// serverWith is a server of its own with these settings.
func serverWith(t *testing.T, settings map[string]string) *pgx.ConnConfig {
	t.Helper()
	server := pgtest.Server(t)
	for setting, value := range settings {
		if err := pgtest.ExecAt(server.URL(), "ALTER SYSTEM SET "+setting+" = '"+value+"'"); err != nil {
			t.Fatal(err)
		}
	}
	restart(t, server)
	return serverConfig(t, server)
}

func serverConfig(t *testing.T, server *ephemeral.Server) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func restart(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// reconnect has one of the sessions that write opened anew.
func reconnect(t *testing.T, store *Store) error {
	t.Helper()
	writer := <-store.writers
	defer func() { store.writers <- writer }()
	writer.drop()
	_, err := writer.get(t.Context())
	return err
}

func wantSetting(t *testing.T, err error, setting, value string) {
	t.Helper()
	found, ok := errors.AsType[*command.SettingError](err)
	if !ok || found.Setting != setting || found.Value != value || found.Detail == "" {
		t.Errorf("got %v, want a SettingError: %s is %s", err, setting, value)
	}
}

// wantTold checks that one line of the log, and no more, tells of the setting.
func wantTold(t *testing.T, told *strings.Builder, level slog.Level, setting, value string) {
	t.Helper()
	line := "level=" + level.String() + ` msg="groupcommit: what is acknowledged may not be durable" setting=` + setting + " value=" + value
	if strings.Count(told.String(), line) != 1 || strings.Count(told.String(), "setting="+setting) != 1 {
		t.Errorf("want this once:\n%s\ntold is:\n%s", line, told)
	}
}
