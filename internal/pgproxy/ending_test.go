package pgproxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// wantSilence checks that a client hears nothing. A client that would hear of an end has heard of it long before.
func wantSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	if n, err := conn.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %d bytes, %v", n, err)
	}
}

// Neither side hears of the other's end through a blackhole.
func TestBlackholeIsSilent(t *testing.T) {
	proxy := start(t)
	left, leaver := connect(t, proxy), connect(t, proxy)
	proxy.Cut(pgproxy.Blackhole)
	pgtest.Exec(t, "SELECT pg_terminate_backend($1, 30000)", left.PgConn().PID())
	wantSilence(t, left.PgConn().Conn())
	if err := leaver.PgConn().Conn().Close(); err != nil {
		t.Fatal(err)
	}
	if !query[bool](t, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", leaver.PgConn().PID()) {
		t.Error("the server has heard of the end")
	}
	proxy.Close()
	awaitGone(t, leaver)
}

// Nobody can send more into a blackhole than the kernel keeps.
func TestBlackholeHoldsUpTheSender(t *testing.T) {
	proxy := start(t)
	client := hijack(t, connect(t, proxy))
	trap := proxy.On(pgproxy.Message(pgproxy.Frontend, 'Q', ""), 1, pgproxy.Cut(pgproxy.Within, pgproxy.Blackhole))
	go func() {
		<-trap.Hit
		_ = client.Conn.SetDeadline(time.Unix(1, 0))
	}()
	client.Frontend.SendQuery(&pgproto3.Query{String: strings.Repeat(" ", 16<<20)})
	wantEnding(t, client.Frontend.Flush(), pgproxy.Blackhole)
}

// Who is still sending at a FIN is not reset.
func TestFINWhileSending(t *testing.T) {
	proxy := start(t)
	client := hijack(t, connect(t, proxy))
	proxy.On(pgproxy.Message(pgproxy.Frontend, 'Q', ""), 1, pgproxy.Cut(pgproxy.Before, pgproxy.FIN))
	wantEnding(t, ask(client, strings.Repeat(" ", 16<<20)), pgproxy.FIN)
}

// Of several connections the one that is meant is cut.
func TestCutOne(t *testing.T) {
	proxy := start(t)
	first, second := connect(t, proxy), connect(t, proxy)
	proxy.Conns()[0].Cut(pgproxy.FIN)
	wantEnding(t, ask(hijack(t, first), "SELECT 1"), pgproxy.FIN)
	exec(t, second, "SELECT 1")
}

func TestCutAll(t *testing.T) {
	for _, ending := range []pgproxy.Ending{pgproxy.FIN, pgproxy.RST} {
		proxy := start(t)
		first, second := connect(t, proxy), connect(t, proxy)
		proxy.Cut(ending)
		awaitGone(t, first)
		awaitGone(t, second)
		exec(t, connect(t, proxy), "SELECT 1")
	}
}

// The end of what is in a black hole is heard of at last, and who is not in one goes on.
func TestSurface(t *testing.T) {
	proxy := start(t)
	lost, other := connect(t, proxy), connect(t, proxy)
	proxy.Conns()[0].Cut(pgproxy.Blackhole)
	proxy.Surface()
	awaitGone(t, lost)
	exec(t, other, "SELECT 1")
}

func TestAway(t *testing.T) {
	proxy := start(t)
	before := connect(t, proxy)
	for _, ending := range []pgproxy.Ending{pgproxy.FIN, pgproxy.RST} {
		proxy.Away(ending)
		_, err := pgconn.Connect(t.Context(), proxy.URL())
		wantEnding(t, err, ending)
	}
	proxy.Away(pgproxy.Blackhole)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // an answer would have come long before
	defer cancel()
	if _, err := pgconn.Connect(ctx, proxy.URL()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want no answer", err)
	}
	exec(t, before, "SELECT 1")
	proxy.Back()
	exec(t, connect(t, proxy), "SELECT 1")
}

// Whatever state its connections are in, all of them end with the proxy, and nothing is left of it: TestMain looks for goroutines.
func TestCloseInEveryState(t *testing.T) {
	proxy := start(t)
	var clients []net.Conn
	for sql, fault := range map[string]pgproxy.Fault{
		"held":     pgproxy.Hold,
		"delayed":  pgproxy.Delay(time.Hour),
		"finished": pgproxy.Cut(pgproxy.Before, pgproxy.FIN),
		"lost":     pgproxy.Cut(pgproxy.Before, pgproxy.Blackhole),
	} {
		client := hijack(t, connect(t, proxy))
		trap := proxy.On(pgproxy.Message(pgproxy.Frontend, 'Q', sql), 1, fault)
		client.Frontend.SendQuery(&pgproto3.Query{String: sql})
		if err := client.Frontend.Flush(); err != nil {
			t.Fatal(err)
		}
		<-trap.Hit
		clients = append(clients, client.Conn)
	}
	clients = append(clients, hijack(t, connect(t, proxy)).Conn, dial(t, proxy))
	proxy.Away(pgproxy.Blackhole)
	clients = append(clients, dial(t, proxy))
	proxy.Close()
	for _, client := range clients {
		if _, err := io.Copy(io.Discard, client); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	proxy.Close()
}
