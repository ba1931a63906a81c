package pg_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

func wantClass(t *testing.T, err error, want committer.Class) {
	t.Helper()
	f, ok := errors.AsType[*committer.Failure](err)
	if !ok || f.Class != want {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// next builds a commit of n events that follows the end of the log.
func next(t *testing.T, store *pg.Store, n int) *committer.Commit {
	t.Helper()
	return conformance.NewChain(t, store).Next(conformance.Events(uuid.NewString(), n)).Commit
}

// openTransaction begins a commit by hand, as another process would, and leaves it open.
func openTransaction(t *testing.T, schema string, c *committer.Commit) pgx.Tx {
	t.Helper()
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), "INSERT INTO "+schema+".commits VALUES ($1, $2, $3, $4, 1, $3, now())",
		c.Parent.Position, c.End().Position, uuid.New(), c.Parent.Commit)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// While another process's commit at the same place is undecided ours waits, and gives up after a while: nothing is certain but that ours
// is not written.
func TestAnotherCommitIsUndecided(t *testing.T) {
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	schema := pgtest.Schema(t)
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true, LockTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	commit := next(t, store, 2)
	tx := openTransaction(t, schema, commit)
	wantClass(t, store.Append(t.Context(), commit, nil), committer.Transient)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Append(t.Context(), commit, nil); err != nil {
		t.Fatal(err)
	}
	wantClass(t, store.Append(t.Context(), commit, nil), committer.Moved)
}

// A backend that is gone before the rows were read has written nothing; one that is gone later leaves a doubt.
func TestTerminatedWhileWaiting(t *testing.T) {
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	for _, rows := range []int{1, 2000} {
		commit := next(t, store, rows)
		tx := openTransaction(t, schema, commit)
		go terminateWaiter(t, tx)
		err := store.Append(t.Context(), commit, nil)
		f, ok := errors.AsType[*committer.Failure](err)
		if !ok || f.Class != committer.Transient && f.Class != committer.InDoubt {
			t.Fatalf("got %v", err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Append(t.Context(), commit, nil); err != nil {
			t.Fatalf("the same commit again: %v", err)
		}
	}
}

// terminateWaiter ends the backend that waits for the transaction, as soon as it does.
func terminateWaiter(t *testing.T, tx pgx.Tx) {
	conn, err := pgx.Connect(context.Background(), pgtest.URL(t))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	for ended := 0; ended == 0 && t.Context().Err() == nil; {
		const query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
		if err := conn.QueryRow(context.Background(), query, tx.Conn().PgConn().PID()).Scan(&ended); err != nil {
			t.Error(err)
			return
		}
	}
}

func TestContextEndsWhileWaiting(t *testing.T) {
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	commit := next(t, store, 1)
	tx := openTransaction(t, schema, commit)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantClass(t, store.Append(ctx, commit, nil), committer.InDoubt)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The server may have gone on with the query whose client went away. Either way it is in the log once.
	if err := store.Append(t.Context(), commit, nil); err != nil {
		wantClass(t, err, committer.Moved)
		if id, found, err := store.Successor(t.Context(), commit.Parent.Position); err != nil || !found || id != commit.ID {
			t.Fatalf("got %v, %v, %v", id, found, err)
		}
	}
}

// A cancelled wait for a synchronous standby answers COMMIT with a warning: the commit is there, but not where the settings want it. It is
// heard also where the role wants to hear of errors only. Where the backend is terminated in that wait, COMMIT is answered with an error, and the
// commit is there all the same.
func TestSynchronousStandbyIsMissing(t *testing.T) {
	server := pgtest.Server(t)
	if err := pgtest.ExecAt(server.URL(), "ALTER ROLE postgres SET client_min_messages = error"); err != nil {
		t.Fatal(err)
	}
	store := open(t, server.URL(), "events")
	if err := store.Append(t.Context(), next(t, store, 1), nil); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Error(err)
		}
	}
	exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	exec("SELECT pg_reload_conf()")
	// waiting runs a call and does something to the backend that waits for the standby, until it returns.
	waiting := func(function string, call func() error) error {
		returned := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-returned:
					return
				default:
					exec("SELECT " + function + "(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
				}
			}
		})
		err := call()
		close(returned)
		wg.Wait()
		return err
	}
	var commit *committer.Commit
	for tries := 0; err == nil; tries++ { // the server takes a moment to take up the setting
		if tries == 1000 {
			t.Fatal("told as written where no standby has it")
		}
		commit = next(t, store, 1)
		err = waiting("pg_cancel_backend", func() error { return store.Append(t.Context(), commit, nil) })
	}
	wantClass(t, err, committer.InDoubt)
	wantClass(t, store.Append(t.Context(), commit, nil), committer.Moved)
	for _, rows := range []int{1, 100} {
		commit := next(t, store, rows)
		wantClass(t, waiting("pg_terminate_backend", func() error { return store.Append(t.Context(), commit, nil) }), committer.InDoubt)
		wantClass(t, store.Append(t.Context(), commit, nil), committer.Moved)
	}
	if err := waiting("pg_cancel_backend", func() error { return store.Sync(t.Context()) }); err == nil {
		t.Error("Sync says that it is safe, and no standby has it")
	}
	exec("ALTER SYSTEM RESET synchronous_standby_names")
	exec("SELECT pg_reload_conf()")
	if err := store.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}
