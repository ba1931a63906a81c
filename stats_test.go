package groupcommit_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/stats"
)

func TestStats(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		for range 3 {
			mustAppend(t, store, write("stream"))
		}
		_, err := store.Append(t.Context(), groupcommit.To("stream", groupcommit.NoStream, happened(1)))
		wantConflict(t, err, groupcommit.ConflictError{Stream: "stream", Expected: groupcommit.NoStream, Actual: 3})
		flush(t, store)
		s := store.Stats()
		if s.Commands.Committed != 3 || s.Commands.Conflicts != 1 || s.Events != 3 || s.Latency.Count() != 4 || s.Commits.Count() != 3 {
			t.Errorf("got %+v, %d events, %d latencies, %d commits", s.Commands, s.Events, s.Latency.Count(), s.Commits.Count())
		}
		if s.NewestCommits[0].First != 3 || s.Heads.Streams != 1 || s.ActiveStreams != 1 || s.Stopped != nil {
			t.Errorf("got %+v, %+v, %d active streams, stopped by %v", s.NewestCommits[0], s.Heads, s.ActiveStreams, s.Stopped)
		}
	})
}

// Whatever happens at the same time, what is counted is what callers were told, and nobody is counted twice.
func TestStatsCountWhatIsTold(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		const callers, each = 8, 40
		store := open(t, groupcommit.Config{BatchCommands: 5})
		var committed, conflicts atomic.Uint64
		var told atomic.Bool
		var watching, calling sync.WaitGroup
		watching.Go(func() {
			for last := uint64(0); !told.Load(); {
				s := store.Stats()
				now := s.Commands.Committed + s.Commands.Conflicts
				if now < last || s.Latency.Count() != now || s.Events < s.Commands.Committed || s.InFlight < 0 {
					t.Errorf("after %d commands: %+v, %d latencies, %d events", last, s.Commands, s.Latency.Count(), s.Events)
					return
				}
				last = now
			}
		})
		for range callers {
			calling.Go(func() {
				for i := range each {
					_, err := store.Append(t.Context(), groupcommit.To(fmt.Sprint("stream-", i%3), groupcommit.Exact(int64(i/3)), happened(i)))
					if err == nil {
						committed.Add(1)
					} else if _, ok := errors.AsType[*groupcommit.ConflictError](err); ok {
						conflicts.Add(1)
					} else {
						t.Error(err)
					}
				}
			})
		}
		calling.Wait()
		flush(t, store)
		told.Store(true)
		watching.Wait()
		want := stats.Commands{Committed: committed.Load(), Conflicts: conflicts.Load()}
		if s := store.Stats(); s.Commands != want || s.Events != want.Committed || want.Conflicts == 0 {
			t.Errorf("counted %+v and %d events, told were %+v", s.Commands, s.Events, want)
		}
	})
}

func TestStatsOfThePool(t *testing.T) {
	store := openPostgres(t, groupcommit.Config{MaxConnections: 3})
	for range store.ReadAll(t.Context()) {
		t.Fatal("an event in an empty log")
	}
	if pool := store.Stats().Pool; pool.Max != 3 || pool.Acquires == 0 || pool.Acquired != 0 || store.Stats().Turns.Taken > 1 {
		t.Errorf("got %+v", pool)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pool := store.Stats().Pool; pool.Max != 3 {
		t.Errorf("after Close: %+v", pool)
	}
}

func TestPing(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		if err := store.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := store.Ping(ended(t)); err == nil {
			t.Error("no error, although the context has ended")
		}
	})
}

func TestPingSeesTheSchema(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	pgtest.Exec(t, "ALTER TABLE "+schema+".events DROP CONSTRAINT events_stream_version_key")
	problem, ok := errors.AsType[*groupcommit.SchemaError](store.Ping(t.Context()))
	if !ok || problem.Problem != groupcommit.SchemaAltered {
		t.Errorf("got %v", problem)
	}
}

// While a deployment takes its course, the schema is newer than the programs that still run.
func TestPingAcceptsANewerSchema(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	pgtest.Exec(t, "INSERT INTO "+schema+".schema_version (version_id, is_applied) VALUES (1000, true)")
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
