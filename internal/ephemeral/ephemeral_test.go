package ephemeral_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

func TestServerIsDurableAndLeavesNothing(t *testing.T) {
	server := start(t, ephemeral.Options{Settings: map[string]string{"max_connections": "17", "cluster_name": "it's"}})
	conn := connect(t, server.URL())
	for setting, want := range map[string]string{
		"fsync":                   "on",
		"full_page_writes":        "on",
		"synchronous_commit":      "on",
		"server_encoding":         "UTF8",
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "",
		"shared_buffers":          "256MB",
		"max_connections":         "17",
		"cluster_name":            "it's",
	} {
		if got := query(t, conn, "SELECT current_setting($1)", setting); got != want {
			t.Errorf("%s = %q, want %q", setting, got, want)
		}
	}
	dir, pid := whereabouts(t, conn)

	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if err := server.Start(t.Context()); !errors.Is(err, ephemeral.ErrStopped) {
		t.Errorf("Start after Stop: %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if exists(t, dir) {
		t.Errorf("directory %s is still there", dir)
	}
}

func TestCrashedServerKeepsWhatWasCommitted(t *testing.T) {
	server := start(t, ephemeral.Options{})
	url := server.URL()
	for name, crash := range map[string]func(context.Context) error{"crash": server.Crash, "kill": server.Kill} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, url)
			if _, err := conn.Exec(t.Context(), "CREATE TABLE "+name+" AS SELECT 'kept' AS word"); err != nil {
				t.Fatal(err)
			}
			if err := crash(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.WaitForNotification(t.Context()); err == nil {
				t.Fatal("the connection outlived the server")
			}

			if err := server.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if server.URL() != url {
				t.Errorf("URL changed from %s to %s", url, server.URL())
			}
			if got := query(t, connect(t, url), "SELECT word FROM "+name); got != "kept" {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestOpenUsesTheServerOfDatabaseURL(t *testing.T) {
	own := start(t, ephemeral.Options{})
	t.Setenv("DATABASE_URL", own.URL())

	server, err := ephemeral.Open(t.Context(), ephemeral.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if server.Owned() || server.URL() != own.URL() {
		t.Errorf("owned %t, URL %s; want the server of DATABASE_URL, %s", server.Owned(), server.URL(), own.URL())
	}
	_, standbyErr := server.Standby(t.Context())
	for name, err := range map[string]error{
		"Start":   server.Start(t.Context()),
		"Crash":   server.Crash(t.Context()),
		"Kill":    server.Kill(t.Context()),
		"Standby": standbyErr,
	} {
		if !errors.Is(err, ephemeral.ErrNotOwned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	connect(t, own.URL())
}

func TestStandbyFollowsAndIsPromoted(t *testing.T) {
	server := start(t, ephemeral.Options{})
	standby, err := server.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standby.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := connect(t, server.URL()).Exec(t.Context(), "CREATE TABLE t AS SELECT 'followed' AS word"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, standby.URL())
	for query(t, conn, "SELECT coalesce(to_regclass('t')::text, '')") == "" {
		if query(t, conn, "SELECT pg_is_in_recovery()::text") != "true" {
			t.Fatal("the standby is none")
		}
	}
	if err := server.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO t VALUES ('led')"); err != nil {
		t.Error(err)
	}
}

func TestUnsupportedVersionIsRefused(t *testing.T) {
	for _, version := range []string{"14", "19", "15.2", "latest"} {
		t.Setenv("POSTGRES_VERSION", version)
		if _, err := ephemeral.Provide(t.Context(), ephemeral.Options{}); err == nil || !strings.Contains(err.Error(), version) {
			t.Errorf("version %s: %v", version, err)
		}
	}
}

// start starts a server that ends with the test.
func start(t *testing.T, opts ephemeral.Options) *ephemeral.Server {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func query(t *testing.T, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	var result string
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&result); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return result
}

// whereabouts returns the server's temporary directory and the ID of its parent process.
func whereabouts(t *testing.T, conn *pgx.Conn) (dir string, pid int) {
	t.Helper()
	data := query(t, conn, "SELECT current_setting('data_directory')")
	file, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(file), "\n")
	pid, err = strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(data), pid
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// A URL may say something of a pool, which no server understands.
func TestConnectByTheURLOfAPool(t *testing.T) {
	url := start(t, ephemeral.Options{}).URL() + "&pool_max_conns=2"
	conn, err := ephemeral.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA mine; CREATE TABLE mine.t ()"); err != nil {
		t.Fatal(err)
	}
	if err := ephemeral.DropSchema(t.Context(), url, "mine"); err != nil {
		t.Fatal(err)
	}
	var left bool
	if err := conn.QueryRow(t.Context(), "SELECT to_regnamespace('mine') IS NOT NULL").Scan(&left); err != nil || left {
		t.Errorf("the schema is still there: %v, %v", left, err)
	}
}
