package groupcommit_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// wantWithdrawn checks that a command was certainly not written because its context had ended.
func wantWithdrawn(t *testing.T, err error) {
	t.Helper()
	wantIs(t, err, groupcommit.ErrNotWritten, errEnded)
}

func TestContextEndedBeforeSubmit(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		_, err := store.Submit(ended(t), write("s")).Result()
		wantWithdrawn(t, err)
		_, err = store.TrySubmit(ended(t), write("s")).Result()
		wantWithdrawn(t, err)
		_, err = store.Append(ended(t), write("s"))
		wantWithdrawn(t, err)
		if result := mustAppend(t, store, write("s")); result.First != 1 {
			t.Errorf("the first command is at position %d", result.First)
		}
	})
}

// inLine is a context that tells when somebody first waits for its end.
type inLine struct {
	context.Context
	asked chan struct{}
	once  sync.Once
}

func (c *inLine) Done() <-chan struct{} {
	c.once.Do(func() { close(c.asked) })
	return c.Context.Done()
}

func TestContextEndedWhileWaitingForRoom(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		gate := newGate()
		defer gate.open()
		store, inFlight, queued := openFull(t, open, gate)

		parent, cancel := context.WithCancelCause(t.Context())
		ctx := &inLine{Context: parent, asked: make(chan struct{})}
		answer := make(chan *groupcommit.Future)
		go func() { answer <- store.Submit(ctx, write("withdrawn")) }()
		<-ctx.asked
		cancel(errEnded)
		_, err := (<-answer).Result()
		wantIs(t, err, groupcommit.ErrNotWritten)

		gate.open()
		if _, err := groupcommit.WaitAll(t.Context(), inFlight, queued); err != nil {
			t.Error(err)
		}
		wantVersion(t, store, "s", 2)
		wantVersion(t, store, "withdrawn", 0)
	})
}

// Submit has returned, and no batch has taken the command.
func TestContextEndedInTheQueue(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		ctx, cancel := context.WithCancelCause(t.Context())
		before := store.Submit(t.Context(), groupcommit.To("s", groupcommit.NoStream, happened(1)))
		waited := store.Submit(ctx, groupcommit.To("s", groupcommit.Exact(1), happened(2)))
		unwatched := store.Submit(ctx, write("other"))
		after := store.Submit(t.Context(), groupcommit.To("s", groupcommit.Exact(1), happened(3)))
		cancel(errEnded)

		_, err := waited.Wait(ctx)
		wantWithdrawn(t, err)
		<-waited.Done()
		wantPending(t, unwatched) // found out when its batch leaves

		flush(t, store)
		_, err = unwatched.Result()
		wantWithdrawn(t, err)
		if result := mustResult(t, before); result.First != 1 {
			t.Errorf("got %+v", result)
		}
		if result := mustResult(t, after); result.First != 2 {
			t.Errorf("got %+v", result)
		}
		if events := readAll(t, store); len(events) != 2 || string(events[1].Data) != "3" {
			t.Errorf("the log holds %d events", len(events))
		}
	})
}

// A batch of which nothing is left.
func TestAllWithdrawn(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		ctx, cancel := context.WithCancelCause(t.Context())
		futures := []*groupcommit.Future{store.Submit(ctx, write("s")), store.Submit(ctx, write("s"))}
		cancel(errEnded)
		flush(t, store)
		for _, future := range futures {
			_, err := future.Result()
			wantWithdrawn(t, err)
		}
		if events := readAll(t, store); len(events) != 0 {
			t.Errorf("the log holds %d events", len(events))
		}
	})
}

// The end of the context of Wait alone withdraws nothing.
func TestOnlyWaitingEndsInTheQueue(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		future := store.Submit(t.Context(), write("s"))
		if _, err := future.Wait(ended(t)); notWaited(err) {
			t.Errorf("waiting ended with %v, want %v", err, errEnded)
		}
		flush(t, store)
		mustResult(t, future)
		wantVersion(t, store, "s", 1)
	})
}

// A batch has taken the command: the end of its context ends the waiting, and nothing else.
func TestContextEndedInFlight(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		gate := newGate()
		defer gate.open()
		store := open(t, groupcommit.Config{Hooks: gate.hooks()})
		ctx, cancel := context.WithCancelCause(t.Context())
		future := store.Submit(ctx, write("s"))
		<-gate.reached
		cancel(errEnded)
		if _, err := future.Wait(ctx); notWaited(err) {
			t.Errorf("waiting ended with %v, want %v", err, errEnded)
		}
		wantPending(t, future)

		gate.open()
		if result, err := future.Wait(t.Context()); err != nil || result.First != 1 {
			t.Errorf("got %+v, %v", result, err)
		}
		wantVersion(t, store, "s", 1)
	})
}

// The same with the commit not yet written: the server holds it up, and the end of the context does not reach it.
func TestContextEndedInTheDatabase(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema, LockTimeout: time.Minute})
	mustAppend(t, store, write("s"))
	release := holdCommits(t, schema)

	ctx, cancel := context.WithCancelCause(t.Context())
	future := store.Submit(ctx, write("s"))
	awaitHeldCommit(t, schema)
	cancel(errEnded)
	if _, err := future.Wait(ctx); notWaited(err) {
		t.Errorf("waiting ended with %v, want %v", err, errEnded)
	}
	wantPending(t, future)
	wantVersion(t, store, "s", 1)

	release()
	if result, err := future.Wait(t.Context()); err != nil || result.Version("s") != 2 {
		t.Errorf("got %+v, %v", result, err)
	}
	wantVersion(t, store, "s", 2)
}

// holdCommits makes the server hold up every commit of a schema until release is called.
func holdCommits(t *testing.T, schema string) (release func()) {
	t.Helper()
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE "+schema+".commits IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// awaitHeldCommit returns when a commit waits in the server.
func awaitHeldCommit(t *testing.T, schema string) {
	t.Helper()
	conn := pgtest.Conn(t)
	for held := false; !held; {
		const query = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = to_regclass($1) AND NOT granted)"
		if err := conn.QueryRow(t.Context(), query, schema+".commits").Scan(&held); err != nil {
			t.Fatal(err)
		}
	}
}
