package pgproxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// start starts a proxy to the shared server that adds no latency.
func start(t *testing.T) *pgproxy.Proxy {
	t.Helper()
	return pgproxy.New(t, pgtest.URL(t), 0)
}

func config(t *testing.T, proxy *pgproxy.Proxy) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func connect(t *testing.T, proxy *pgproxy.Proxy) *pgx.Conn {
	t.Helper()
	return connectWith(t, config(t, proxy))
}

func connectWith(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing is to be waited for
		_ = conn.Close(ctx)
	})
	return conn
}

// dial opens a connection that says nothing yet.
func dial(t *testing.T, proxy *pgproxy.Proxy) net.Conn {
	t.Helper()
	config := config(t, proxy)
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// silentServer accepts connections and never says anything.
type silentServer struct{ net.Listener }

func listen(t *testing.T) silentServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return silentServer{listener}
}

func (s silentServer) url() string { return "postgres://" + s.Addr().String() }

func (s silentServer) accept(t *testing.T) net.Conn {
	t.Helper()
	conn, err := s.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

const startupPacket = "\x00\x00\x00\x11\x00\x03\x00\x00user\x00me\x00\x00"

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// table creates one, of a number, and returns its name.
func table(t *testing.T) string {
	t.Helper()
	schema := pgtest.Schema(t)
	pgtest.Exec(t, "CREATE SCHEMA "+schema)
	pgtest.Exec(t, "CREATE TABLE "+schema+".numbers (n int)")
	return schema + ".numbers"
}

// query asks the server, and not through a proxy.
func query[T any](t *testing.T, sql string, args ...any) (value T) {
	t.Helper()
	if err := pgtest.Conn(t).QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// await returns when the server answers true.
func await(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn := pgtest.Conn(t)
	for is := false; !is; {
		if err := conn.QueryRow(t.Context(), sql, args...).Scan(&is); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitGone returns when the server has ended a connection.
func awaitGone(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	await(t, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", conn.PgConn().PID())
}

// wantNotBefore checks that a call takes at least so long.
func wantNotBefore(t *testing.T, d time.Duration, call func()) {
	t.Helper()
	began := time.Now()
	call()
	if took := time.Since(began); took < d {
		t.Errorf("it took %v, want no less than %v", took, d)
	}
}

// hijack takes a connection out of the hands of pgconn, which does not always tell how it ended.
func hijack(t *testing.T, conn *pgx.Conn) *pgconn.HijackedConn {
	t.Helper()
	client, err := conn.PgConn().Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Conn.Close() })
	return client
}

// ask has a statement executed, and returns the error of the connection.
func ask(client *pgconn.HijackedConn, sql string) error {
	client.Frontend.SendQuery(&pgproto3.Query{String: sql})
	err := client.Frontend.Flush()
	for err == nil {
		var message pgproto3.BackendMessage
		message, err = client.Frontend.Receive()
		if _, ok := message.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	return err
}

// wantEnding checks that an error is what a client meets at the end of its connection.
func wantEnding(t *testing.T, err error, want pgproxy.Ending) {
	t.Helper()
	heard := map[pgproxy.Ending]bool{
		pgproxy.FIN:       errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF),
		pgproxy.RST:       errors.Is(err, syscall.ECONNRESET),
		pgproxy.Blackhole: errors.Is(err, os.ErrDeadlineExceeded),
	}
	if !heard[want] {
		t.Errorf("got %v, want the error of %v", err, want)
	}
}

// wantCode checks that an error is one of the server, of that SQLSTATE.
func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != want {
		t.Errorf("got %v, want SQLSTATE %s", err, want)
	}
}
