package groupcommit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// sharedLoad is some stores on one schema, each as if in a process of its own, with clients that write to the same few streams until they are
// stopped. mu guards counts.
type sharedLoad struct {
	schema   string // and the name of all sessions of the stores
	stores   []*groupcommit.Store
	crowd    *crowd
	answered []atomic.Int64 // commands, by each store
	locked   int64          // deadlocks that the server had seen before
	stopped  atomic.Bool

	mu     sync.Mutex
	counts map[string]int // attempts that failed, by their class and code, and how doubts ended
}

func startSharedLoad(t *testing.T, stores int) *sharedLoad {
	l := &sharedLoad{schema: pgtest.Schema(t), answered: make([]atomic.Int64, stores), locked: deadlocks(t), counts: make(map[string]int)}
	config := groupcommit.Config{Schema: l.schema, ApplicationName: l.schema, InFlight: 3, BatchCommands: 20}
	config.Hooks.Failed = func(class groupcommit.FailureClass, err error) {
		f, _ := errors.AsType[*committer.Failure](err)
		l.count(strings.TrimSpace(class.String() + " " + f.Code))
	}
	config.Hooks.Settled = func(s groupcommit.Settlement) { l.count("settled as " + string(s)) }
	for range stores {
		l.stores = append(l.stores, openPostgres(t, config))
	}
	l.crowd = newCrowd(t, endOf(t, l.schema))
	var number atomic.Int64
	const clients, together = 5, 5
	for i, store := range l.stores {
		for range clients {
			l.crowd.wg.Go(func() {
				for !l.stopped.Load() && t.Context().Err() == nil {
					l.crowd.append(t, store, int(number.Add(together)), together)
					l.answered[i].Add(together)
				}
			})
		}
	}
	return l
}

func (l *sharedLoad) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// awaitProgress returns when every store has answered a few more commands.
func (l *sharedLoad) awaitProgress(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for i := range l.answered {
		for want := l.answered[i].Load() + 10; l.answered[i].Load() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("store %d makes no progress", i)
			}
		}
	}
}

// end stops the load and checks all verdicts. It returns what went wrong on the way.
func (l *sharedLoad) end(t *testing.T) (counts map[string]int) {
	t.Helper()
	l.stopped.Store(true)
	l.crowd.wg.Wait()
	t.Log(l.counts)
	if l.counts["transient 40P01"] > 0 || deadlocks(t) > l.locked {
		t.Error("there were deadlocks")
	}
	l.crowd.explain(t, readAll(t, l.stores[0]))
	return l.counts
}

// deadlocks is how many the server has seen.
func deadlocks(t *testing.T) int64 {
	t.Helper()
	return ask[int64](t, pgtest.URL(t), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
}

// endOf tells where the log of a schema ends.
func endOf(t *testing.T, schema string) func() int64 {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return func() (end int64) {
		if err := pool.QueryRow(context.Background(), "SELECT max(last) FROM "+schema+".commits").Scan(&end); err != nil {
			t.Error(err)
		}
		return end
	}
}
