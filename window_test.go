package groupcommit_test

import (
	"errors"
	"flag"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var windows = flag.Int("windows", 1, "how often a connection is lost in each window around COMMIT")

// manyWindows are enough for all that may happen in a window to happen once.
const manyWindows = 20

// window loses the connection of what submit submits. Until over is called no connection that is open is of use either.
type window func(t *testing.T, server *ephemeral.Server, proxy *pgproxy.Proxy, submit func()) (over func())

// The connection is lost in a window around COMMIT. Whatever the window, the command takes effect once and its future says so.
func TestCommitWindows(t *testing.T) {
	server := pgtest.Server(t)
	sends := func(f *pgproxy.Frame) bool { return f.From == pgproxy.Frontend && (f.Type == 'S' || f.Type == 'c') }
	answers := pgproxy.Message(pgproxy.Backend, 'C', "INSERT")
	const count = "SELECT count(*) FROM windows.events WHERE stream = $1"
	for _, w := range []struct {
		name   string
		happen window
		want   int64 // events of the stream behind the window, before anything is tried again
		or     int64 // also possible, and to be seen where there are many windows
	}{
		{"never arrived", cutAt(sends, pgproxy.Before), 1, 1},
		{"answered, reply lost", cutAt(answers, pgproxy.Before), 2, 2},
		{"arrived, not flushed", killBeforeFlush, 2, 1}, // the server may still flush it
		{"flushed, not answered", killInStandbyWait, 2, 2},
	} {
		t.Run(w.name, func(t *testing.T) {
			var seen []int64
			for range *windows {
				proxy := pgproxy.New(t, server.URL(), 0)
				store := openPostgres(t, groupcommit.Config{DatabaseURL: proxy.URL(), Schema: "windows"})
				stream := uuid.NewString()
				mustAppend(t, store, write(stream))
				proxy.Away(pgproxy.RST) // nothing is tried again over a new connection
				var future *groupcommit.Future
				over := w.happen(t, server, proxy, func() {
					future = store.Submit(t.Context(), groupcommit.To(stream, groupcommit.Exact(1), happened(1)))
				})
				n := ask[int64](t, server.URL(), count, stream)
				for ; n != w.want && n != w.or; n = ask[int64](t, server.URL(), count, stream) {
				}
				seen = append(seen, n)
				over()
				proxy.Back()
				if _, err := future.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := ask[int64](t, server.URL(), count, stream); n != 2 {
					t.Errorf("%d events in the end", n)
				}
			}
			t.Log("events behind the window:", seen)
			if *windows >= manyWindows && !slices.Contains(seen, w.or) {
				t.Errorf("never %d", w.or)
			}
		})
	}
}

// cutAt loses each connection at a point of the first such frame.
func cutAt(match func(*pgproxy.Frame) bool, at pgproxy.Point) window {
	return func(_ *testing.T, _ *ephemeral.Server, proxy *pgproxy.Proxy, submit func()) func() {
		trap := proxy.On(match, pgproxy.Every, pgproxy.Cut(at, pgproxy.RST))
		submit()
		<-trap.Hit
		return trap.Remove
	}
}

// killBeforeFlush kills the server when COMMIT has arrived, in the pause that the server makes before it flushes. The process that commits goes
// first: it would go on without the postmaster, and flush.
func killBeforeFlush(t *testing.T, server *ephemeral.Server, _ *pgproxy.Proxy, submit func()) func() {
	observer, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer observer.Close(t.Context())
	mustExecAt(t, server.URL(), "ALTER SYSTEM SET commit_delay = 100000", "ALTER SYSTEM SET commit_siblings = 0", "SELECT pg_reload_conf()")
	awaitAt(t, server.URL(), "SELECT current_setting('commit_delay') = '100000' AND current_setting('commit_siblings') = '0'")
	submit()
	const committing = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE state = 'active' AND backend_xid IS NOT NULL"
	pid := 0
	for pid == 0 {
		if err := observer.QueryRow(t.Context(), committing).Scan(&pid); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Kill(pid, syscall.SIGKILL), killPostmaster(server)); err != nil {
		t.Fatal(err)
	}
	return func() {
		mustExecAt(t, server.URL(), "ALTER SYSTEM RESET commit_delay", "ALTER SYSTEM RESET commit_siblings", "SELECT pg_reload_conf()")
	}
}

// killInStandbyWait kills the server when a commit is flushed and waits for a standby that is not there.
func killInStandbyWait(t *testing.T, server *ephemeral.Server, _ *pgproxy.Proxy, submit func()) func() {
	mustExecAt(t, server.URL(), "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
	awaitAt(t, server.URL(), "SELECT current_setting('synchronous_standby_names') = 'nobody'")
	submit()
	awaitAt(t, server.URL(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')")
	mustExecAt(t, server.URL(), "ALTER SYSTEM RESET synchronous_standby_names")
	if err := killPostmaster(server); err != nil {
		t.Fatal(err)
	}
	return func() {}
}

// awaitAt returns when a query on the server at url says true.
func awaitAt(t *testing.T, url, query string) {
	t.Helper()
	for {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		var holds bool
		err = conn.QueryRow(t.Context(), query).Scan(&holds)
		_ = conn.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if holds {
			return
		}
	}
}

// COMMIT is late: it is held until the commit has been repeated over another connection. The repetition is what counts, and the late one fails.
func TestLateCommitFails(t *testing.T) {
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: proxy.URL(), RetryFor: 6 * time.Second, LockTimeout: 100 * time.Millisecond})
	for range *windows {
		var late *pgproxy.Conn
		trap := proxy.On(func(f *pgproxy.Frame) bool {
			if f.From != pgproxy.Frontend || f.Type != 'c' {
				return false
			}
			if late == nil {
				late = f.Conn
			}
			return true
		}, 1, pgproxy.Hold)
		stream := uuid.NewString()
		future := store.Submit(t.Context(), groupcommit.To(stream, groupcommit.NoStream, slices.Repeat([]groupcommit.Event{happened(0)}, 40)...))
		<-trap.Hit
		trap.Remove()
		committed := pgproxy.Message(pgproxy.Backend, 'C', "COMMIT")
		success := proxy.On(func(f *pgproxy.Frame) bool { return f.Conn == late && committed(f) }, pgproxy.Every, pgproxy.Fault{})
		if _, err := future.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		trap.Release()
		for slices.Contains(proxy.Conns(), late) {
			runtime.Gosched()
		}
		success.Remove()
		if success.Count() > 0 {
			t.Error("the late COMMIT has succeeded, too")
		}
		wantVersion(t, store, stream, 40)
	}
}
