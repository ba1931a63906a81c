// Package pgtest gives the tests of a package one shared PostgreSQL server, and on request a private one that may be
// crashed. A package that uses it has
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// Without a database tests fail, they are never skipped.
package pgtest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

// cleanupTimeout bounds what runs after a test, whose own context has ended by then.
const cleanupTimeout = 30 * time.Second

// URL returns the connection string of the package's shared server, and starts it when it is the first to ask. The
// server may be the one that DATABASE_URL names: keep to a [Schema] of your own there and do not change its settings.
func URL(tb testing.TB) string {
	tb.Helper()
	url, err := shared.open()
	if err != nil {
		tb.Fatal(err)
	}
	return url
}

// Schema returns the name of a schema on the shared server that nobody else uses, lower-case and safe without quotes.
// It does not create it. When the test ends the schema is dropped with all that is in it.
func Schema(tb testing.TB) string {
	tb.Helper()
	url := URL(tb)
	schema := "test_" + strings.ToLower(rand.Text())
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		if err := ephemeral.DropSchema(ctx, url, schema); err != nil {
			tb.Errorf("pgtest: drop schema %s: %v", schema, err)
		}
	})
	return schema
}

// Conn returns a connection to the shared server that is closed when the test ends.
func Conn(tb testing.TB) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), URL(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		_ = conn.Close(ctx) // the test may have broken it on purpose
	})
	return conn
}

// Exec runs one statement on the shared server, on a connection of its own.
func Exec(tb testing.TB, sql string, args ...any) {
	tb.Helper()
	if _, err := Conn(tb).Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(err)
	}
}

// Server starts a private server, never the one that DATABASE_URL names, for a test that crashes it or changes its
// settings. It is stopped when the test ends.
func Server(tb testing.TB) *ephemeral.Server {
	tb.Helper()
	return ServerWith(tb, nil)
}

// ServerWith is Server with lines of postgresql.conf.
func ServerWith(tb testing.TB, settings map[string]string) *ephemeral.Server {
	tb.Helper()
	server, err := ephemeral.Start(tb.Context(), ephemeral.Options{Settings: settings, Logf: logf})
	if err != nil {
		tb.Fatal(err)
	}
	stopAtEnd(tb, server)
	return server
}

// Standby starts an asynchronous hot standby of a private server, which is restarted for it. It is stopped when the test ends.
func Standby(tb testing.TB, server *ephemeral.Server) *ephemeral.Server {
	tb.Helper()
	standby, err := server.Standby(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	stopAtEnd(tb, standby)
	return standby
}

func stopAtEnd(tb testing.TB, server *ephemeral.Server) {
	tb.Cleanup(func() {
		if err := stop(server); err != nil {
			tb.Error(err)
		}
	})
}

// ExecAt runs one statement on the server at url, on a connection of its own, from any goroutine.
func ExecAt(url, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func stop(server *ephemeral.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	return server.Stop(ctx)
}
