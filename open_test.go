package groupcommit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// wantNotOpened checks that Open fails and leaves nothing running.
func wantNotOpened(t *testing.T, ctx context.Context, config groupcommit.Config) error { //nolint:revive // the context is what is tested
	t.Helper()
	before := goleak.IgnoreCurrent()
	store, err := groupcommit.Open(ctx, config)
	if err == nil {
		_ = store.Close(ctx)
		t.Fatal("it opened")
	}
	if store != nil {
		t.Error("a store beside an error")
	}
	goleak.VerifyNone(t, before)
	return err
}

func TestBadSchemaNames(t *testing.T) {
	for _, name := range []string{
		`quo"te`, `'quote`, "a.b", ".", "a b", " ", "a-b", "a;b", "a\\b", "a$b", "Upper", "é", "1a", "pg_catalog", "public", "pg_", "a\n", "\n", "\x00", "a\x00b", "\xff",
		strings.Repeat("a", 64), strings.Repeat("a", 10_000), "%s", `"; DROP SCHEMA public; --`,
	} {
		err := wantNotOpened(t, t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: name, Migrate: true})
		if schema := wantError[*groupcommit.SchemaError](t, err); schema.Problem != "invalid name" || schema.Schema != name {
			t.Errorf("%.80q: %v", name, err)
		}
	}
}

func TestMissingSchema(t *testing.T) {
	schema := pgtest.Schema(t)
	err := wantNotOpened(t, t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: schema})
	if e := wantError[*groupcommit.SchemaError](t, err); e.Problem != "missing" || e.Schema != schema {
		t.Errorf("got %v", err)
	}
}

// Every number and duration of a Config is refused when it is negative, but for those that a negative value switches off.
func TestNegativeConfig(t *testing.T) {
	off := map[string]bool{"Linger": true}
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		if !field.Type.ConvertibleTo(reflect.TypeFor[int64]()) {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			config := groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: "never_made"}
			reflect.ValueOf(&config).Elem().FieldByIndex(field.Index).SetInt(-1)
			store, err := groupcommit.OpenInMemory(config)
			if off[field.Name] {
				if err != nil {
					t.Fatal(err)
				}
				mustAppend(t, store, write("s"))
				if err := store.Close(t.Context()); err != nil {
					t.Error(err)
				}
				return
			}
			if e := wantError[*groupcommit.ConfigError](t, err); e.Field != field.Name || store != nil {
				t.Errorf("in memory: %v", err)
			}
			err = wantNotOpened(t, t.Context(), config)
			if e := wantError[*groupcommit.ConfigError](t, err); e.Field != field.Name {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A number without a unit counts nanoseconds, and is hardly meant so.
func TestTinyDurations(t *testing.T) {
	small := map[string]bool{"Linger": true}
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		if field.Type != reflect.TypeFor[time.Duration]() || small[field.Name] {
			continue
		}
		for value, refused := range map[time.Duration]bool{1: true, time.Millisecond - 1: true, time.Millisecond: false} {
			var config groupcommit.Config
			reflect.ValueOf(&config).Elem().FieldByIndex(field.Index).SetInt(int64(value))
			store, err := groupcommit.OpenInMemory(config)
			if refused {
				if e := wantError[*groupcommit.ConfigError](t, err); e.Field != field.Name {
					t.Errorf("%s of %v: %v", field.Name, value, err)
				}
			} else if err != nil {
				t.Errorf("%s of %v: %v", field.Name, value, err)
			} else if err := store.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// The largest command that is accepted has room in the queue, whichever of the two is left at its default.
func TestQueueWithoutRoomForACommand(t *testing.T) {
	for _, config := range []groupcommit.Config{
		{QueueBytes: 1 << 20}, {MaxCommandBytes: 1 << 30}, {QueueBytes: 1000, MaxCommandBytes: 1001},
	} {
		_, err := groupcommit.OpenInMemory(config)
		if e := wantError[*groupcommit.ConfigError](t, err); e.Field != "QueueBytes" || !strings.Contains(e.Reason, "MaxCommandBytes") {
			t.Error(err)
		}
	}
	openInMemory(t, groupcommit.Config{QueueBytes: 1000, MaxCommandBytes: 1000})
}

// Large numbers are limits that are never reached, and no reason to fail.
func TestLargeConfig(t *testing.T) {
	for field := range reflect.TypeFor[groupcommit.Config]().Fields() {
		if field.Type.Kind() != reflect.Int && field.Type.Kind() != reflect.Int64 {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			var config groupcommit.Config
			reflect.ValueOf(&config).Elem().FieldByIndex(field.Index).SetInt(1<<63 - 1)
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("it panics: %v", p)
				}
			}()
			store, err := groupcommit.OpenInMemory(config)
			if err != nil {
				wantError[*groupcommit.ConfigError](t, err)
				return
			}
			mustAppend(t, store, write("s"))
			if err := store.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A URL that cannot be parsed is told without the password that stands in it.
func TestUnparseableURL(t *testing.T) {
	for _, url := range []string{
		"postgres://user:canary@host:port/db",
		"postgres://user:canary@host:99999/db",
		"postgres://user:canary@host/db?sslmode=wrong",
		"postgres://user:canary@host/db?connect_timeout=soon",
		"postgres://user:canary@host/db?pool_max_conns=many",
		"postgres://user:canary%zz@host/db",
		"postgres://user:%zzcanary@host/db",
		"postgres://user:can@ry:canary%zz@host/db",
		"postgres://user:canary@ho st/db",
		"postgres://user:canary@[::1/db",
		"postgres://host/db?sslmode=wrong&password=canary",
		"host=host user=user password=canary port=port",
		"host=host user=user password = 'canary' sslmode=wrong",
		"host=host password='canary",
		"password=canary nonsense",
		"canary",
	} {
		err := wantNotOpened(t, t.Context(), groupcommit.Config{DatabaseURL: url})
		if e := wantError[*groupcommit.ConfigError](t, err); e.Field != "DatabaseURL" {
			t.Errorf("got %v", err)
		}
		if url != "canary" && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s\n\tis told with the password: %v", url, err)
		}
	}
}

// canaryConfig is for a server at address that is not one.
func canaryConfig(address string) groupcommit.Config {
	return groupcommit.Config{
		DatabaseURL:    "postgres://user:canary@" + address + "/db?sslmode=disable",
		Migrate:        true,
		ConnectTimeout: 50 * time.Millisecond,
	}
}

func TestDatabaseDown(t *testing.T) {
	listener := listen(t)
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	err := wantNotOpened(t, t.Context(), canaryConfig(address))
	for _, part := range []string{"connecting to the database", address} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("it is told with the password: %v", err)
	}
}

// Where nothing in the Config says where to connect to, that is told.
func TestNoDatabaseURL(t *testing.T) {
	t.Setenv("PGHOST", t.TempDir())
	_, opened := groupcommit.OpenReader(t.Context(), groupcommit.Config{})
	for way, err := range map[string]error{
		"Open":       wantNotOpened(t, t.Context(), groupcommit.Config{}),
		"OpenReader": opened,
		"Migrate":    groupcommit.Migrate(t.Context(), groupcommit.Config{}),
	} {
		if err == nil || !strings.Contains(err.Error(), "Config.DatabaseURL is empty") {
			t.Errorf("%s: %v", way, err)
		}
	}
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []groupcommit.Config{{DatabaseURL: "dbname=d"}, {Pool: pool}} {
		if err := wantNotOpened(t, t.Context(), config); strings.Contains(err.Error(), "is empty") {
			t.Errorf("got %v", err)
		}
	}
}

// A server that takes connections and says nothing: without the connect timeout the test would not end.
func TestDatabaseSilent(t *testing.T) {
	listener := listen(t)
	defer listener.Close()
	err := wantNotOpened(t, t.Context(), canaryConfig(listener.Addr().String()))
	if !strings.Contains(err.Error(), "connecting to the database") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// The connection string says it for the connections, and Config wins over it where it says anything.
func TestConnectionStringSettings(t *testing.T) {
	const settings = "pool_max_conns=3&pool_min_conns=2&connect_timeout=7&application_name=said"
	separator := "?"
	if strings.Contains(pgtest.URL(t), "?") {
		separator = "&"
	}
	url := pgtest.URL(t) + separator + settings
	for name, c := range map[string]struct {
		config groupcommit.Config
		want   string
	}{
		"said":       {groupcommit.Config{}, "said 3 2"},
		"configured": {groupcommit.Config{MaxConnections: 4, MinConnections: 1, ApplicationName: "configured"}, "configured 4 1"},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.DatabaseURL = url
			pool, err := groupcommit.PoolConfig(&c.config)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(pool.ConnConfig.RuntimeParams["application_name"], " ", pool.MaxConns, " ", pool.MinConns)
			if got != c.want || pool.ConnConfig.ConnectTimeout != 7*time.Second || pool.MaxConnLifetime != 30*time.Minute {
				t.Errorf("got %s, timeout %v, lifetime %v", got, pool.ConnConfig.ConnectTimeout, pool.MaxConnLifetime)
			}
		})
	}
	_, err := groupcommit.PoolConfig(&groupcommit.Config{DatabaseURL: url, MinConnections: 9})
	if e := wantError[*groupcommit.ConfigError](t, err); e.Field != "MinConnections" {
		t.Errorf("got %v", err)
	}
}

func TestMigrate(t *testing.T) {
	config := groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t)}
	for range 2 {
		if err := groupcommit.Migrate(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, openPostgres(t, config), write("s"))
}

func TestOpenWithEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := wantNotOpened(t, ctx, groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), Migrate: true})
	wantIs(t, err, context.Canceled)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestPoolConfig(t *testing.T) {
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	pool.MaxConns = 2
	pool.ConnConfig.RuntimeParams["application_name"] = "of the pool"
	store := openPostgres(t, groupcommit.Config{Pool: pool, MaxConnections: 7, ApplicationName: "ignored"})
	mustAppend(t, store, write("s"))
	if len(readAll(t, store)) != 1 || pool.MaxConns != 2 || pool.ConnConfig.RuntimeParams["application_name"] != "of the pool" {
		t.Error("the pool's configuration has changed")
	}
}

// What the log sees while a batch fails and another is written tells neither data nor secrets.
func TestLoggerSeesNoData(t *testing.T) {
	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store := openPostgres(t, patient(groupcommit.Config{SkipJSONCheck: true, Logger: logger}))
	submitTogether(t, store, groupcommit.To("s", groupcommit.Any, withData("canary")), write("s"))
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if strings.Contains(text.String(), "canary") {
		t.Errorf("the log tells data:\n%s", &text)
	}
}
