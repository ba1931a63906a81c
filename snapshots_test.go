package groupcommit_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

// tally is a state that shows which events were folded, and in which order.
type tally struct{ Events, Digest int }

func (s tally) add(number int) tally {
	return tally{Events: s.Events + 1, Digest: s.Digest*31 + number}
}

// tallyOf is the state after so many events of lengthen.
func tallyOf(length int) (s tally) {
	for i := range length {
		s = s.add(i)
	}
	return s
}

// tallies is a decider that counts the events that it folds.
type tallies struct {
	*decider.Decider[tally]
	folded *atomic.Int64
}

func newTallies(version, every int) tallies {
	folded := new(atomic.Int64)
	return tallies{folded: folded, Decider: decider.New(func(s tally, e groupcommit.RecordedEvent) (tally, error) {
		folded.Add(1)
		number, err := strconv.Atoi(string(e.Data))
		return s.add(number), err
	}, decider.Snapshots[tally]("tally", version, every))}
}

// state is what a decision sees of a stream.
func (d tallies) state(tb rapid.TB, store *groupcommit.Store, stream string) (state tally) {
	tb.Helper()
	at := d.At(stream)
	_, err := decider.Submit(context.Background(), store, func(d *decider.Decision) error {
		state = at.State(d)
		return nil
	}, at).Wait(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return state
}

// lengthen brings a stream from one number of events to another, without a decision.
func lengthen(tb rapid.TB, store *groupcommit.Store, stream string, from, to int) {
	tb.Helper()
	events := make([]groupcommit.Event, 0, to-from)
	for i := from; i < to; i++ {
		events = append(events, happened(i))
	}
	if len(events) == 0 {
		return
	}
	if _, err := store.Append(context.Background(), groupcommit.To(stream, groupcommit.Exact(int64(from)), events...)); err != nil {
		tb.Fatal(err)
	}
}

// awaitSnapshot returns when a stream has a snapshot of a decider's version that is as far as a version of the stream.
func awaitSnapshot(t *testing.T, schema, stream string, deciderVersion, version int) {
	t.Helper()
	for !ask[bool](t, pgtest.URL(t), "SELECT EXISTS (SELECT FROM "+schema+".snapshots WHERE stream = $1 AND decider_version = $2 AND version >= $3)",
		stream, deciderVersion, version) {
	}
}

// A cold stream comes to the same state with a snapshot as without, and only the events behind the snapshot are folded for it.
func TestColdLoadEqualsFullFold(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema, StateStreams: 1})
	rapid.Check(t, func(r *rapid.T) {
		stream, every := uuid.NewString(), rapid.IntRange(1, 20).Draw(r, "every")
		length, tallies := 0, newTallies(1, every)
		for range rapid.IntRange(1, 4).Draw(r, "loads") {
			before := length
			length += rapid.IntRange(0, 50).Draw(r, "events")
			lengthen(r, store, stream, before, length)
			newTallies(1, 1000).state(r, store, "another") // takes the place of the stream in memory
			if got := tallies.state(r, store, stream); got != tallyOf(length) {
				r.Fatalf("at version %d: %+v, want %+v", length, got, tallyOf(length))
			}
		}
		if length < every {
			return
		}
		awaitSnapshot(t, schema, stream, 1, 1)
		newTallies(1, 1000).state(r, store, "another")
		fresh := newTallies(1, 1000)
		if got := fresh.state(r, store, stream); got != tallyOf(length) || fresh.folded.Load() >= int64(length) {
			r.Fatalf("%d events folded for %+v, want %+v", fresh.folded.Load(), got, tallyOf(length))
		}
	})
}

// What decisions append is kept as a snapshot, too, when it passes a multiple of what was asked for.
func TestSnapshotBehindCommits(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t)}
	tallies, store := newTallies(1, 10), openPostgres(t, config)
	at := tallies.At("s")
	for i := range 10 {
		if _, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error { at.Append(d, happened(i)); return nil }, at).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	awaitSnapshot(t, config.Schema, "s", 1, 10)
	fresh := newTallies(1, 10)
	if got := fresh.state(t, openPostgres(t, config), "s"); got != tallyOf(10) || fresh.folded.Load() != 0 {
		t.Errorf("%d events folded for %+v", fresh.folded.Load(), got)
	}
}

// A snapshot is passed over when it is of another decider version, and replaced when it cannot be decoded, or is not of this log: its event is another
// one now, or is not there.
func TestSnapshotOfNoUse(t *testing.T) {
	for name, tamper := range map[string]string{
		"decider version": "decider_version = 1",
		"cannot decode":   "state = 'no JSON'",
		"another event":   "event_id = gen_random_uuid()",
		"another time":    "recorded_at = recorded_at + interval '1 microsecond'",
		"beyond the end":  "version = 1000",
	} {
		t.Run(name, func(t *testing.T) {
			config := groupcommit.Config{Schema: pgtest.Schema(t)}
			lengthen(t, openPostgres(t, config), "s", 0, 30)
			newTallies(2, 10).state(t, openPostgres(t, config), "s")
			awaitSnapshot(t, config.Schema, "s", 2, 30)
			pgtest.Exec(t, "UPDATE "+config.Schema+`.snapshots SET state = '{"Events": 1000}'`)
			pgtest.Exec(t, "UPDATE "+config.Schema+".snapshots SET "+tamper)
			tallies := newTallies(2, 10)
			if got := tallies.state(t, openPostgres(t, config), "s"); got != tallyOf(30) || tallies.folded.Load() != 30 {
				t.Errorf("%d events folded for %+v", tallies.folded.Load(), got)
			}
			replaced := "SELECT EXISTS (SELECT FROM " + config.Schema + ".snapshots WHERE version = 30 AND decider_version = 2 AND state = convert_to($1, 'UTF8'))"
			for !ask[bool](t, pgtest.URL(t), replaced, fmt.Sprintf(`{"Events":30,"Digest":%d}`, tallyOf(30).Digest)) {
			}
		})
	}
}

// While a deployment rolls, each of two decider versions goes on from snapshots of its own. Those of versions before them are deleted.
func TestSnapshotsOfTwoVersions(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t)}
	lengthen(t, openPostgres(t, config), "s", 0, 30)
	save := func(version int) {
		newTallies(version, 10).state(t, openPostgres(t, config), "s")
		awaitSnapshot(t, config.Schema, "s", version, 30)
	}
	save(1)
	save(2)
	for _, version := range []int{1, 2} {
		tallies := newTallies(version, 10)
		if got := tallies.state(t, openPostgres(t, config), "s"); got != tallyOf(30) || tallies.folded.Load() != 0 {
			t.Errorf("version %d: %d events folded for %+v", version, tallies.folded.Load(), got)
		}
	}
	save(3)
	there := ask[[]int](t, pgtest.URL(t), "SELECT array_agg(decider_version ORDER BY decider_version) FROM "+config.Schema+".snapshots")
	if !slices.Equal(there, []int{2, 3}) {
		t.Errorf("snapshots of versions %d are there", there)
	}
}

// Two processes that keep hardly any state in memory go on from each other's snapshots, and see every event once.
func TestSnapshotsOfTwoProcesses(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t), StateStreams: 1}
	tallies := newTallies(1, 3)
	var wg sync.WaitGroup
	for range 2 {
		store := openPostgres(t, config)
		for client := range 6 {
			at := tallies.At(fmt.Sprint("s", client%3))
			wg.Go(func() {
				for range 30 {
					_, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error {
						state := at.State(d)
						if state != tallyOf(int(at.Version(d))) {
							return fmt.Errorf("%+v at version %d", state, at.Version(d))
						}
						at.Append(d, happened(state.Events))
						return nil
					}, at).Wait(t.Context())
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	for i := range 3 {
		stream := fmt.Sprint("s", i)
		awaitSnapshot(t, config.Schema, stream, 1, 3)
		if got := tallies.state(t, openPostgres(t, config), stream); got != tallyOf(120) {
			t.Errorf("%s: %+v, want %+v", stream, got, tallyOf(120))
		}
	}
}

// A role that may not use the table works without snapshots, and its owner is told once, and what to do.
func TestSnapshotsWithoutGrant(t *testing.T) {
	for _, granted := range []string{"", "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE"} {
		t.Run(granted, func(t *testing.T) {
			schema, pool := pgtest.Schema(t), roleWith(t, nil)
			lengthen(t, openPostgres(t, groupcommit.Config{Schema: schema}), "s", 0, 30)
			restrict(t, pool, schema, granted)
			var told strings.Builder // read when nobody writes any more
			store := storetest.Opened(t)(groupcommit.Open(t.Context(), groupcommit.Config{
				Pool: pool, Schema: schema, StateStreams: 1, Logger: slog.New(slog.NewTextHandler(&told, nil)),
			}))
			tallies := newTallies(1, 1)
			for length := 30; length < 40; length++ {
				tallies.state(t, store, "another")
				if got := tallies.state(t, store, "s"); got != tallyOf(length) {
					t.Errorf("at version %d: %+v", length, got)
				}
				lengthen(t, store, "s", length, length+1)
			}
			if err := store.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := strings.Count(told.String(), "a snapshot cannot be"); n > 1 || n == 0 && granted == "" {
				t.Errorf("told %d times: %s", n, told.String())
			} else if n == 1 && !strings.Contains(told.String(), "SELECT, INSERT, UPDATE, DELETE ON") {
				t.Errorf("told: %s", told.String())
			}
			if n := ask[int](t, pgtest.URL(t), "SELECT count(*) FROM "+schema+".snapshots"); n != 0 {
				t.Errorf("%d snapshots", n)
			}
		})
	}
}

// restrict leaves a role what a writer needs, and so much on snapshots.
func restrict(t *testing.T, pool *pgxpool.Config, schema, onSnapshots string) {
	t.Helper()
	role := pool.ConnConfig.User
	pgtest.Exec(t, "ALTER ROLE "+role+" NOSUPERUSER")
	pgtest.Exec(t, "GRANT USAGE ON SCHEMA "+schema+" TO "+role)
	pgtest.Exec(t, fmt.Sprintf("GRANT SELECT, INSERT ON %[1]s.events, %[1]s.commits, %[1]s.command_ids TO %[2]s", schema, role))
	if onSnapshots != "" {
		pgtest.Exec(t, "GRANT "+onSnapshots+" ON "+schema+".snapshots TO "+role)
	}
}
