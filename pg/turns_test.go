package pg_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

func mustTake(t *testing.T, store *pg.Store) {
	t.Helper()
	if _, err := store.Take(t.Context(), committer.Query{}); err != nil {
		t.Fatal(err)
	}
}

func takeLater(ctx context.Context, store *pg.Store) <-chan error {
	taken := make(chan error, 1)
	go func() {
		_, err := store.Take(ctx, committer.Query{})
		taken <- err
	}()
	return taken
}

// wantInLine returns when somebody has waited so long for the turn that this store has.
func wantInLine(t *testing.T, holder *pg.Store, long string, taken <-chan error) {
	t.Helper()
	conn := pgtest.Conn(t)
	for there := false; !there; {
		wantPending(t, taken)
		if _, err := holder.Awaited(t.Context()); err != nil {
			t.Fatal(err)
		}
		const query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND query_start < clock_timestamp() - $1::interval)"
		if err := conn.QueryRow(t.Context(), query, long).Scan(&there); err != nil {
			t.Fatal(err)
		}
	}
}

// openNamed opens a store whose sessions have the schema's name, and these parameters.
func openNamed(t *testing.T, schema string, parameters map[string]string) *pg.Store {
	t.Helper()
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	pool.ConnConfig.RuntimeParams["application_name"] = schema
	for name, value := range parameters {
		pool.ConnConfig.RuntimeParams[name] = value
	}
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// endTurnSession ends the session that has the turn, or waits for it, and returns when it is gone.
func endTurnSession(t *testing.T, schema string, has bool) {
	t.Helper()
	pgtest.Exec(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_stat_activity USING (pid)"+
		" WHERE application_name = $1 AND locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted = $2", schema, has)
}

// Timeouts that are set for a role do not cost a process its place in line.
func TestTimeoutsDoNotEndTheWait(t *testing.T) {
	schema := pgtest.Schema(t)
	holder := openNamed(t, schema, nil)
	mustTake(t, holder)
	taken := takeLater(t.Context(), openNamed(t, schema, map[string]string{"lock_timeout": "100ms", "statement_timeout": "1s"}))
	wantInLine(t, holder, "1.1 s", taken)
	holder.Pass(t.Context())
	if err := <-taken; err != nil {
		t.Error(err)
	}
}

// A process that does not look around any more has lost the turn, and hears of it.
func TestTurnOfWhoIsStill(t *testing.T) {
	schema := pgtest.Schema(t)
	still, next := open(t, pgtest.URL(t), schema), open(t, pgtest.URL(t), schema)
	mustTake(t, still)
	mustTake(t, next)
	if _, err := still.Awaited(t.Context()); err == nil {
		t.Error("two have the turn")
	}
	next.Pass(t.Context())
	mustTake(t, still)
	still.Pass(t.Context())
}

// A session that has passed the turn on may be idle.
func TestIdleWithoutTheTurn(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openNamed(t, schema, nil)
	mustTake(t, store)
	store.Pass(t.Context())
	conn := pgtest.Conn(t)
	for idle := false; !idle; {
		const query = "SELECT state_change < clock_timestamp() - interval '2.5 s' FROM pg_stat_activity" +
			" WHERE application_name = $1 AND query LIKE '%pg_advisory_unlock%'"
		if err := conn.QueryRow(t.Context(), query, schema).Scan(&idle); err != nil {
			t.Fatal(err) // it is gone
		}
	}
	mustTake(t, store)
	store.Pass(t.Context())
}

// The session of a process ends while it waits, or has the turn.
func TestTurnSessionEnds(t *testing.T) {
	schema := pgtest.Schema(t)
	holder, waiter := openNamed(t, schema, nil), openNamed(t, schema, nil)
	mustTake(t, holder)
	taken := takeLater(t.Context(), waiter)
	wantInLine(t, holder, "0", taken)
	endTurnSession(t, schema, false)
	wantClass(t, <-taken, committer.Transient)
	taken = takeLater(t.Context(), waiter)
	wantInLine(t, holder, "0", taken)
	endTurnSession(t, schema, true)
	if err := <-taken; err != nil {
		t.Error(err)
	}
	if _, err := holder.Awaited(t.Context()); err == nil {
		t.Error("two have the turn")
	}
	waiter.Pass(t.Context())
	mustTake(t, holder)
	holder.Pass(t.Context())
}

// The network is lost while a process waits. Its session is given the turn, of which nobody hears, and does not keep it.
func TestTurnOfWhoIsCutOff(t *testing.T) {
	schema := pgtest.Schema(t)
	cutOff, proxy := throughProxy(t, schema, 0)
	holder, next := open(t, pgtest.URL(t), schema), open(t, pgtest.URL(t), schema)
	mustTake(t, holder)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	taken := takeLater(ctx, cutOff)
	wantInLine(t, holder, "0", taken)
	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.Blackhole)
	holder.Pass(t.Context())
	mustTake(t, next)
	next.Pass(t.Context())
	wantPending(t, taken)
	cancel()
	wantClass(t, <-taken, committer.Transient)
	proxy.Back()
	mustTake(t, cutOff)
	cutOff.Pass(t.Context())
}
