package groupcommit_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var windows = flag.Int("windows", 2, "how often a connection is lost in each window around COMMIT")

// window loses the connection of what submit submits. Until over is called no connection that is open is of use either.
type window func(t *testing.T, server *ephemeral.Server, proxy *pgproxy.Proxy, submit func()) (over func())

// The connection is lost in a window around COMMIT. Whatever the window, the command takes effect once and its future says so.
func TestCommitWindows(t *testing.T) {
	server := pgtest.Server(t)
	sends := func(f *pgproxy.Frame) bool { return f.From == pgproxy.Frontend && (f.Type == 'S' || f.Type == 'c') }
	answers := pgproxy.Message(pgproxy.Backend, 'C', "INSERT")
	const count = "SELECT count(*) = %d FROM windows.events WHERE stream = '%s'"
	for _, w := range []struct {
		name   string
		happen window
		want   int // events of the stream behind the window, before anything is tried again
	}{
		{"never arrived", cutAt(sends, pgproxy.Before), 1},
		{"answered, reply lost", cutAt(answers, pgproxy.Before), 2},
		{"flushed, not answered", killInStandbyWait, 2},
	} {
		t.Run(w.name, func(t *testing.T) {
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
				awaitAt(t, server.URL(), fmt.Sprintf(count, w.want, stream))
				over()
				proxy.Back()
				if _, err := future.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				awaitAt(t, server.URL(), fmt.Sprintf(count, 2, stream))
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
