package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// A commit is in doubt when Close runs out of time. What it says must not also say that nothing was written.
func TestUnknownIsNotClosed(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("a"))
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), "INSERT INTO "+schema+".commits SELECT last, last+1, $1, commit_id, 1, $1, now() FROM "+schema+".commits ORDER BY last DESC LIMIT 1", uuid.New()); err != nil {
		t.Fatal(err)
	}
	f := store.Submit(t.Context(), write("b"))
	awaitWaiter(t, tx)
	if err := store.Close(ended(t)); err == nil {
		t.Error("Close says that all is written")
	}
	_, err = f.Result()
	if !errors.Is(err, groupcommit.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if errors.Is(err, groupcommit.ErrClosed) || errors.Is(err, groupcommit.ErrNotWritten) {
		t.Error("the outcome is unknown, and errors.Is(err, ErrClosed) says that nothing was written")
	}
}

// awaitWaiter returns when somebody waits for the transaction.
func awaitWaiter(t *testing.T, tx pgx.Tx) {
	t.Helper()
	conn := pgtest.Conn(t)
	for waiting := 0; waiting == 0; {
		const query = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
		if err := conn.QueryRow(t.Context(), query, tx.Conn().PgConn().PID()).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
}

// The synchronous standby is away, and each wait for it is ended by hand. What is committed then is in the log, and can be seen by everybody, but
// no success is told that a failover could make untrue: neither by the process that wrote it nor by another one that finds it there.
func TestNoSuccessWithoutTheStandby(t *testing.T) {
	server := pgtest.Server(t)
	open := func() (store *groupcommit.Store, doubt <-chan struct{}) {
		doubted := make(chan struct{})
		tell := sync.OnceFunc(func() { close(doubted) })
		return openPostgres(t, groupcommit.Config{DatabaseURL: server.URL(), Schema: "events", Hooks: groupcommit.Hooks{
			Failed: func(class groupcommit.FailureClass, _ error) {
				if class == committer.InDoubt {
					tell()
				}
			},
		}}), doubted
	}
	writer, writerDoubts := open()
	other, otherDoubts := open()
	mustExecAt(t, server.URL(), "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
	endWaits := cancelWaitsForStandby(t, server.URL())

	var cmd groupcommit.Command
	var first *groupcommit.Future
	for told := true; told; { // the server takes a moment to take up the setting
		cmd = identified(groupcommit.To(uuid.NewString(), groupcommit.NoStream, happened(0)))
		first = writer.Submit(t.Context(), cmd)
		select {
		case <-first.Done():
		case <-writerDoubts:
			told = false
		}
	}
	again := other.Submit(t.Context(), cmd)
	select {
	case <-again.Done():
	case <-otherDoubts:
	}
	wantPending(t, first)
	wantPending(t, again)
	wantVersion(t, other, cmd.Streams[0].Stream, 1)

	mustExecAt(t, server.URL(), "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	endWaits()
	result, err := first.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result.Duplicate = true
	if repeated, err := again.Wait(t.Context()); err != nil || fmt.Sprint(repeated) != fmt.Sprint(result) {
		t.Errorf("got %v, %v, want %v", repeated, err, result)
	}
}

// cancelWaitsForStandby ends every wait for a synchronous standby, until it is told to stop.
func cancelWaitsForStandby(t *testing.T, url string) (stop func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer conn.Close(context.Background())
		for ctx.Err() == nil {
			_, err := conn.Exec(ctx, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
			if err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return stop
}
