package groupcommit_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// pair is a server and its asynchronous standby.
type pair struct {
	primary, standby *ephemeral.Server
	url              string // of both: a connection goes to the first that can be reached
}

func newPair(t *testing.T) *pair {
	t.Helper()
	primary := pgtest.Server(t)
	p := &pair{primary: primary, standby: pgtest.Standby(t, primary)}
	p.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable", port(t, primary), port(t, p.standby))
	return p
}

func port(t *testing.T, server *ephemeral.Server) uint16 {
	t.Helper()
	config, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return config.Port
}

// awaitStandby returns when the standby has all that the primary has: received it, or replayed it.
func (p *pair) awaitStandby(t *testing.T, function string) {
	t.Helper()
	end := ask[string](t, p.primary.URL(), "SELECT pg_current_wal_flush_lsn()::text")
	for !ask[bool](t, p.standby.URL(), "SELECT coalesce("+function+"() >= $1::text::pg_lsn, false)", end) {
	}
}

// failOver loses what happens on the primary meanwhile: the standby takes over without it.
func (p *pair) failOver(t *testing.T, meanwhile func()) {
	t.Helper()
	p.awaitStandby(t, "pg_last_wal_replay_lsn")
	for _, step := range []func() error{
		func() error { return p.standby.Crash(t.Context()) },
		func() error { meanwhile(); return nil },
		func() error { return p.primary.Kill(t.Context()) },
		func() error { return p.standby.Start(t.Context()) },
		func() error { return p.standby.Promote(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// ask is the answer to a query, on a connection of its own.
func ask[T any](t *testing.T, url, query string, arguments ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), query, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A primary is lost with the last commits that it has acknowledged, and the standby goes on without them: it ends before, or others have
// written to it meanwhile, as much or more. Each store has a schema of its own.
func TestFailoverLosesCommits(t *testing.T) {
	type failover struct {
		others int  // commits of another process on the new primary
		accept bool // the loss
		store  *groupcommit.Store
		told   *strings.Builder
	}
	pair := newPair(t)
	cases := make(map[string]*failover)
	for _, others := range []int{0, 2, 3} {
		for _, accept := range []bool{false, true} {
			c := &failover{others: others, accept: accept, told: &strings.Builder{}}
			schema := fmt.Sprintf("others_%d_%t", others, accept)
			c.store = openPostgres(t, groupcommit.Config{
				DatabaseURL: pair.url, Schema: schema, AcceptLostCommits: accept, Logger: slog.New(slog.NewTextHandler(c.told, nil)),
			})
			mustAppend(t, c.store, write("s"))
			cases[schema] = c
		}
	}
	pair.failOver(t, func() {
		for _, c := range cases {
			mustAppend(t, c.store, groupcommit.To("s", groupcommit.Exact(1), happened(1)))
			mustAppend(t, c.store, write("lost"))
		}
	})
	for schema, c := range cases {
		t.Run(schema, func(t *testing.T) {
			other := openPostgres(t, groupcommit.Config{DatabaseURL: pair.standby.URL(), Schema: schema})
			for i := range c.others {
				mustAppend(t, other, groupcommit.To("s", groupcommit.Exact(int64(i+1)), happened(10+i)))
			}
			end := int64(1 + c.others)
			if c.accept {
				_, err := c.store.Append(t.Context(), groupcommit.To("s", groupcommit.Exact(end+1), happened(20)))
				wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(end + 1), Actual: end})
				if result := mustAppend(t, c.store, groupcommit.To("s", groupcommit.Exact(end), happened(20))); result.First != end+1 {
					t.Errorf("written at position %d, want %d", result.First, end+1)
				}
				end++
			} else {
				for _, cmd := range []groupcommit.Command{write("s"), groupcommit.To("new", groupcommit.NoStream, happened(0)), write("s")} {
					_, err := c.store.Append(t.Context(), cmd)
					wantIs(t, err, groupcommit.ErrNotWritten, groupcommit.ErrLostCommits)
				}
			}
			if n := strings.Count(c.told.String(), groupcommit.ErrLostCommits.Error()); n != 1 {
				t.Errorf("told of it %d times, want once:\n%s", n, c.told)
			}
			if n := int64(len(readAll(t, other))); n != end {
				t.Errorf("%d events, want %d", n, end)
			}
			wantVersion(t, other, "s", end)
			mustAppend(t, other, write("s")) // those who never knew of what is lost are not held up
		})
	}
}

// Until it is promoted, a standby may lack what it has received and not replayed. Whoever comes there for want of a primary has lost nothing
// and waits.
func TestStandbyBehindHasLostNothing(t *testing.T) {
	pair := newPair(t)
	refused := make(chan struct{})
	tell := sync.OnceFunc(func() { close(refused) })
	store := openPostgres(t, groupcommit.Config{DatabaseURL: pair.url, Schema: "events", Hooks: groupcommit.Hooks{
		Failed: func(_ groupcommit.FailureClass, err error) {
			schema, ok := errors.AsType[*groupcommit.SchemaError](err)
			if ok && schema.Problem == groupcommit.SchemaReadOnly {
				tell()
			}
		},
	}})
	mustAppend(t, store, write("s"))
	pair.awaitStandby(t, "pg_last_wal_replay_lsn")
	mustExecAt(t, pair.standby.URL(), "SELECT pg_wal_replay_pause()")
	mustAppend(t, store, write("s"))
	pair.awaitStandby(t, "pg_last_wal_receive_lsn")
	if err := pair.primary.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting := store.Submit(t.Context(), groupcommit.To("s", groupcommit.Exact(2), happened(2)))
	select {
	case <-refused:
	case <-waiting.Done():
	}
	wantPending(t, waiting)
	if err := pair.standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if result, err := waiting.Wait(t.Context()); err != nil || result.First != 3 {
		t.Errorf("got %+v, %v", result, err)
	}
}
