package pgproxy_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// Long frames, short ones, and many connections at a time arrive as they were sent.
func TestForwards(t *testing.T) {
	proxy := start(t)
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			conn, err := pgx.Connect(t.Context(), proxy.URL())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(t.Context())
			for size := range 20 {
				sent := bytes.Repeat([]byte{byte(client)}, 1<<size)
				var got []byte
				if err := conn.QueryRow(t.Context(), "SELECT $1::bytea", sent).Scan(&got); err != nil || !bytes.Equal(got, sent) {
					t.Errorf("%d bytes came back as %d, %v", len(sent), len(got), err)
				}
			}
		})
	}
	clients.Wait()
}

func TestForwardsCopy(t *testing.T) {
	conn, table := connect(t, start(t)), table(t)
	var sent bytes.Buffer
	for n := range 100_000 {
		fmt.Fprintln(&sent, n)
	}
	want := sent.String()
	if _, err := conn.PgConn().CopyFrom(t.Context(), &sent, "COPY "+table+" FROM STDIN"); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := conn.PgConn().CopyTo(t.Context(), &got, "COPY "+table+" TO STDOUT"); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("copied %d bytes in, %d bytes out", len(want), got.Len())
	}
}

func TestConnectionsAreKnown(t *testing.T) {
	proxy := start(t)
	names := []string{"one", "two", "three"}
	for _, name := range names {
		config := config(t, proxy)
		config.RuntimeParams["application_name"] = name
		connectWith(t, config)
	}
	conns := proxy.Conns()
	if len(conns) != len(names) {
		t.Fatalf("%d connections, want %d", len(conns), len(names))
	}
	for i, conn := range conns {
		if name := conn.Parameters["application_name"]; conn.Number != i+1 || name != names[i] {
			t.Errorf("connection %d is number %d, %q; want %q", i+1, conn.Number, name, names[i])
		}
		if conn.Parameters["user"] == "" {
			t.Errorf("no user among %v", conn.Parameters)
		}
	}
}

func TestEncryptionIsRefused(t *testing.T) {
	proxy := start(t)
	conn := dial(t, proxy)
	client := pgproto3.NewFrontend(conn, conn)
	for _, request := range []pgproto3.FrontendMessage{&pgproto3.SSLRequest{}, &pgproto3.GSSEncRequest{}} {
		client.Send(request)
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		var answer [1]byte
		if _, err := conn.Read(answer[:]); err != nil || answer[0] != 'N' {
			t.Errorf("%T is answered by %q, %v", request, answer, err)
		}
	}
	client.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": config(t, proxy).User}})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	message, err := client.Receive()
	if _, ok := message.(pgproto3.AuthenticationResponseMessage); !ok {
		t.Errorf("the startup packet is answered by %T, %v", message, err)
	}
}

func TestCancelRequest(t *testing.T) {
	proxy := start(t)
	conn := connect(t, proxy).PgConn()
	requests := proxy.On(func(f *pgproxy.Frame) bool { return f.String() == "cancel request" }, pgproxy.Every, pgproxy.Fault{})
	var query sync.WaitGroup
	query.Go(func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(3600)").ReadAll()
		wantCode(t, err, "57014")
	})
	await(t, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')", conn.PID())
	if err := conn.CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	query.Wait()
	if n := requests.Count(); n != 1 {
		t.Errorf("%d requests to cancel, want 1", n)
	}
	if n := len(proxy.Conns()); n != 1 {
		t.Errorf("%d connections, want the one that was asked to be cancelled", n)
	}
}

// The end of one side reaches the other, behind what it has said.
func TestEnds(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		conn := connect(t, start(t))
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		awaitGone(t, conn)
	})
	t.Run("server", func(t *testing.T) {
		conn := connect(t, start(t))
		pgtest.Exec(t, "SELECT pg_terminate_backend($1, 30000)", conn.PgConn().PID())
		_, err := conn.Exec(t.Context(), "SELECT 1")
		wantCode(t, err, "57P01")
	})
}

// What a client leaves unfinished arrives all the same.
func TestForwardsHalfAMessage(t *testing.T) {
	server := listen(t)
	conn := dial(t, pgproxy.New(t, server.url(), 0))
	const sent = startupPacket + "Q\x00\x00\x01\x00SELECT"
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(server.accept(t))
	if err != nil || string(got) != sent {
		t.Errorf("%q arrived as %q, %v", sent, got, err)
	}
}

func TestServerIsDown(t *testing.T) {
	server := pgtest.Server(t)
	proxy := pgproxy.New(t, server.URL(), 0)
	connect(t, proxy)
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := pgconn.Connect(t.Context(), proxy.URL())
	wantEnding(t, err, pgproxy.RST)
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	connect(t, proxy)
}

// The way to a server is replaced in a connection string, and nothing else of it.
func TestURL(t *testing.T) {
	for _, url := range []string{
		"postgres://me:secret@db.example:5433/orders?application_name=a%20b&sslmode=disable",
		"postgresql:///orders?host=/var/run/postgresql&port=5433&user=me&password=secret&application_name=a%20b&sslmode=disable",
		"host=db.example port=5433 user=me password=secret dbname=orders application_name='a b' sslmode=disable",
		"host = '/var/run/postgresql' user = me password = secret dbname = orders application_name = 'a b' sslmode=disable",
	} {
		proxy := pgproxy.New(t, url, 0)
		config, err := pgconn.ParseConfig(proxy.URL())
		if err != nil {
			t.Fatalf("%s: %v", proxy.URL(), err)
		}
		if config.Host != "127.0.0.1" || config.Port == 5433 || config.Port == 5432 {
			t.Errorf("%s leads to %s:%d by %s", url, config.Host, config.Port, proxy.URL())
		}
		if config.User != "me" || config.Password != "secret" || config.Database != "orders" || config.RuntimeParams["application_name"] != "a b" {
			t.Errorf("%s became %s", url, proxy.URL())
		}
	}
}
