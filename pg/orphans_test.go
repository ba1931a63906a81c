package pg_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// throughProxy opens a store whose connections can be lost. Where the kernel keeps little of what they send, a long message that meets a
// blackhole is never sent whole; with 0 it keeps what it likes.
func throughProxy(t *testing.T, schema string, writeBuffer int) (*pg.Store, *pgproxy.Proxy) {
	t.Helper()
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	pool, err := pgxpool.ParseConfig(proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	dial := pool.ConnConfig.DialFunc
	pool.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil && writeBuffer > 0 {
			err = conn.(*net.TCPConn).SetWriteBuffer(writeBuffer)
		}
		return conn, err
	}
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true, LockTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		proxy.Close()
		store.Close()
	})
	return store, proxy
}

// The network is lost while a COPY is half sent, and stays away for longer than anybody waits to end the server's process. That process
// holds the place of the commit, and would for hours. When the network is back it is ended before anything else.
func TestOrphanInCopyIsEnded(t *testing.T) {
	schema := pgtest.Schema(t)
	store, proxy := throughProxy(t, schema, 4<<10)
	t.Cleanup(func() { // a process that is left would keep the schema from being dropped
		const query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE "
		if err := pgtest.ExecAt(pgtest.URL(t), query+"'BEGIN%"+schema+"%'"); err != nil {
			t.Error(err)
		}
	})
	commit := next(t, store, 6000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lost := proxy.On(pgproxy.Message(pgproxy.Frontend, 'd', ""), 1, pgproxy.Cut(pgproxy.Within, pgproxy.Blackhole))
	go func() {
		<-lost.Hit
		cancel()
	}()
	proxy.Away(pgproxy.RST)
	err := store.Append(ctx, commit, nil)
	wantClass(t, err, committer.Transient)
	proxy.Cut(pgproxy.Blackhole)
	proxy.Back()
	for range 10 { // the first of them finds the other connections dead
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err = store.Append(ctx, commit, nil)
		cancel()
		if err == nil {
			return
		}
	}
	t.Fatalf("nothing can be appended after the network is back: %v", err)
}

// A connection is lost while its commit waits for the one before, which fails: nobody answers the ROLLBACK, and yet nothing of the attempt
// may be left when Append returns.
func TestOrphanInTransactionIsEnded(t *testing.T) {
	schema := pgtest.Schema(t)
	store, proxy := throughProxy(t, schema, 4<<10)
	open := func() (n int) {
		const query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE $1"
		if err := pgtest.Conn(t).QueryRow(t.Context(), query, "BEGIN%"+schema+"%").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	commit := next(t, store, 20)
	err := store.Append(t.Context(), commit, &committer.Link{Owned: func() {}, Await: func(context.Context) error {
		proxy.Cut(pgproxy.Blackhole)
		return errors.New("the one before failed")
	}})
	wantClass(t, err, committer.Transient)
	if n := open(); n > 0 {
		t.Error("the orphan still has its transaction and all its locks when Append returns")
	}
}

// Somebody has discarded what a session had prepared: it is replaced.
func TestPreparedStatementGone(t *testing.T) {
	schema := pgtest.Schema(t)
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	var conns []*pgconn.PgConn
	var mu sync.Mutex
	pool.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		mu.Lock()
		conns = append(conns, c.PgConn())
		mu.Unlock()
		return nil
	}
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true, InFlight: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mu.Lock()
	all := append([]*pgconn.PgConn(nil), conns...)
	mu.Unlock()
	for _, c := range all {
		if !c.IsClosed() {
			_, _ = c.Exec(t.Context(), "DEALLOCATE ALL").ReadAll()
		}
	}
	wantClass(t, store.Append(t.Context(), next(t, store, 1), nil), committer.Transient)
	if err := store.Append(t.Context(), next(t, store, 1), nil); err != nil {
		t.Errorf("a session without its prepared statements is kept: %v", err)
	}
}
