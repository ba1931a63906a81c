package pg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// A commit waits for another one in its place, as long as it is told to. Once its place is taken nothing healthy is in its way, and it waits
// for next to nothing: not for a foreign row that is not committed.
func TestForeignRowIsUndecided(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openWith(t, pgtest.URL(t), pg.Config{Schema: schema, LockTimeout: time.Hour})
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	_, err = tx.Exec(t.Context(), "INSERT INTO "+schema+".events (position, stream, version, event_id, type, data, recorded_at)"+
		" VALUES (5, 'foreign', 1, gen_random_uuid(), 'Happened', '{}', now())")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	commit := next(t, store, 100)
	for range 3 {
		wantTimeout(t, store.Append(ctx, commit, nil))
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Append(ctx, commit, nil); err != nil {
		t.Error(err)
	}
}

// The short timeout is not that of the wait for the place, nor does it stay with the session.
func TestPlaceIsWaitedFor(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openWith(t, pgtest.URL(t), pg.Config{Schema: schema, LockTimeout: time.Hour, InFlight: 1})
	conn := pgtest.Conn(t)
	for _, rows := range []int{100, 100, 1} {
		commit := next(t, store, rows)
		tx := openTransaction(t, schema, commit)
		appended := make(chan error, 1)
		go func() { appended <- store.Append(t.Context(), commit, nil) }()
		for waiting := false; !waiting; {
			wantPending(t, appended)
			const query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))" +
				" AND query_start < clock_timestamp() - interval '0.3 s')"
			if err := conn.QueryRow(t.Context(), query, tx.Conn().PgConn().PID()).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(tx.Rollback(t.Context()), <-appended); err != nil {
			t.Error(err)
		}
	}
}
