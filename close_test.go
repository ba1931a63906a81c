package groupcommit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func wantClosed(t *testing.T, store *groupcommit.Store) {
	t.Helper()
	_, err := store.Submit(t.Context(), write("late")).Result()
	wantIs(t, err, groupcommit.ErrClosed)
	_, err = store.TrySubmit(t.Context(), write("late")).Result()
	wantIs(t, err, groupcommit.ErrClosed)
	_, err = store.Append(t.Context(), write("late"))
	wantIs(t, err, groupcommit.ErrClosed)
}

// Close writes what was taken, without the linger, and then takes nothing more.
func TestCloseDrains(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{BatchCommands: 10}))
		futures := make([]*groupcommit.Future, 95)
		for i := range futures {
			futures[i] = store.Submit(t.Context(), groupcommit.To("s", groupcommit.Exact(int64(i)), happened(i)))
		}
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, future := range futures {
			if result := mustResult(t, future); result.Version("s") != int64(i+1) {
				t.Errorf("command %d: %+v", i, result)
			}
		}
		wantClosed(t, store)
		flush(t, store) // everything has its verdict
	})
}

func TestCloseAgain(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, write("s"))
		for range 3 {
			if err := store.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		wantClosed(t, store)
	})
}

func TestCloseEndsAllSessions(t *testing.T) {
	name := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: name, ApplicationName: name})
	mustAppend(t, store, write("s"))
	wantVersion(t, store, "s", 1)
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	awaitSessionsGone(t, name)
}

// All is written and released: that the context has ended changes nothing any more.
func TestCloseAgainWithEndedContext(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := store.Close(ended(t)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCloseFromManyGoroutines(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		future := store.Submit(t.Context(), write("s"))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := store.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := future.Result(); err != nil {
					t.Errorf("Close returned before the verdict: %v", err)
				}
			})
		}
		wg.Wait()
	})
}

// Who waits for room is sent away.
func TestCloseWhileWaitingForRoom(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		gate := newGate()
		defer gate.open()
		store, inFlight, queued := openFull(t, open, gate)

		ctx := &inLine{Context: t.Context(), asked: make(chan struct{})}
		answer := make(chan *groupcommit.Future)
		go func() { answer <- store.Submit(ctx, write("s")) }()
		<-ctx.asked
		closed := make(chan error)
		go func() { closed <- store.Close(t.Context()) }()
		_, err := (<-answer).Result()
		wantIs(t, err, groupcommit.ErrClosed)
		wantPending(t, inFlight)
		wantPending(t, queued)

		gate.open()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		mustResult(t, inFlight)
		mustResult(t, queued)
	})
}

// The context of Close ends while a commit is in flight: that one is seen through, and what waits behind it was certainly not
// written.
func TestCloseWithEndedContext(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *groupcommit.Config) context.Context{
		"context": func(t *testing.T, _ *groupcommit.Config) context.Context { return ended(t) },
		"timeout": func(t *testing.T, c *groupcommit.Config) context.Context {
			c.CloseTimeout = time.Second
			return t.Context()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := newGate()
				defer gate.open()
				config := groupcommit.Config{BatchCommands: 2, Hooks: gate.hooks()}
				ctx := end(t, &config)
				store, err := groupcommit.OpenInMemory(config)
				if err != nil {
					t.Fatal(err)
				}
				inFlight := store.Submit(t.Context(), write("s"))
				<-gate.reached
				behind := []*groupcommit.Future{
					store.Submit(t.Context(), write("s")),
					store.Submit(t.Context(), groupcommit.To("s", groupcommit.NoStream, happened(0))), // would conflict
					store.Submit(t.Context(), write("new")),
				}
				closed := make(chan error)
				go func() { closed <- store.Close(ctx) }()
				time.Sleep(2 * time.Second)
				synctest.Wait() // it has no more patience
				gate.open()
				if err := <-closed; err == nil {
					t.Error("Close is silent about what was not written")
				} else if name == "context" {
					wantIs(t, err, errEnded)
				} else {
					wantIs(t, err, context.DeadlineExceeded)
				}

				mustResult(t, inFlight)
				for _, future := range behind {
					_, err := future.Result()
					wantIs(t, err, groupcommit.ErrNotWritten, groupcommit.ErrClosed)
				}
				wantVersion(t, store, "s", 1)
				wantVersion(t, store, "new", 0)
			})
		})
	}
}

// The context of Close ends while the server holds a commit up. The verdict is truthful: not written is not there and never will be.
func TestCloseWhileTheDatabaseHangs(t *testing.T) {
	schema := pgtest.Schema(t)
	config := groupcommit.Config{Schema: schema, LockTimeout: time.Minute, ApplicationName: schema}
	store := openPostgres(t, config)
	mustAppend(t, store, write("s"))
	release := holdCommits(t, schema)
	inFlight := store.Submit(t.Context(), write("s"))
	awaitHeldCommit(t, schema)
	behind := store.Submit(t.Context(), write("s"))

	err := store.Close(ended(t))
	wantIs(t, err, errEnded)
	_, err = behind.Result()
	wantIs(t, err, groupcommit.ErrNotWritten)
	_, err = inFlight.Result()
	unknown := errors.Is(err, groupcommit.ErrOutcomeUnknown)
	if !unknown {
		wantIs(t, err, groupcommit.ErrNotWritten)
	}

	release()
	awaitSessionsGone(t, schema)
	version, err := openPostgres(t, config).StreamVersion(t.Context(), "s")
	if err != nil || version != 1 && !(unknown && version == 2) {
		t.Errorf("the stream is at version %d, %v; the outcome was told as unknown: %t", version, err, unknown)
	}
}

// awaitSessionsGone returns when the server has no session of this application.
func awaitSessionsGone(t *testing.T, application string) {
	t.Helper()
	conn := pgtest.Conn(t)
	for there := true; there; {
		const query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1)"
		if err := conn.QueryRow(t.Context(), query, application).Scan(&there); err != nil {
			t.Fatal(err)
		}
	}
}
