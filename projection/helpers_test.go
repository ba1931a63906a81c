package projection_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
)

// place is where a test has its log and its read models.
type place struct{ URL, Schema string }

func (p place) open(ctx context.Context) (*groupcommit.Store, *pgxpool.Pool, error) {
	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: p.URL, Schema: p.Schema, Migrate: true})
	if err != nil {
		return nil, nil, err
	}
	config, err := pgxpool.ParseConfig(p.URL)
	if err != nil {
		return nil, nil, err
	}
	config.ConnConfig.RuntimeParams["application_name"] = p.Schema
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return store, pool, err
}

// table is the name of a table of the test.
func (p place) table(name string) string { return p.Schema + "." + name }

// fixture is a log with a runner on it.
type fixture struct {
	place
	store  *groupcommit.Store
	pool   *pgxpool.Pool
	runner *projection.Runner
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureAt(t, place{URL: pgtest.URL(t), Schema: pgtest.Schema(t)})
}

func newFixtureAt(t *testing.T, p place) *fixture {
	t.Helper()
	f := &fixture{place: p}
	var err error
	if f.store, f.pool, err = p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.pool.Close()
		if err := f.store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	f.runner = f.newRunner(t)
	f.exec(t, "CREATE TABLE %s (stream text PRIMARY KEY, events bigint, positions numeric)", f.table("tally"))
	return f
}

func (f *fixture) newRunner(t *testing.T) *projection.Runner {
	t.Helper()
	return f.newRunnerOf(t, f.store, projection.Config{Pool: f.pool, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
}

// newRunnerOf makes a runner in the schema of the fixture.
func (f *fixture) newRunnerOf(t *testing.T, source projection.Source, config projection.Config) *projection.Runner {
	t.Helper()
	config.Schema, config.Migrate = f.Schema, true
	runner, err := projection.NewRunner(t.Context(), source, config)
	if err != nil {
		t.Fatal(err)
	}
	return runner
}

// listener is a slog.Handler that hands on what it is told.
type listener func(slog.Record)

func (l listener) Handle(_ context.Context, r slog.Record) error { l(r); return nil }
func (l listener) Enabled(context.Context, slog.Level) bool      { return true }
func (l listener) WithAttrs([]slog.Attr) slog.Handler            { return l }
func (l listener) WithGroup(string) slog.Handler                 { return l }

func (f *fixture) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := f.pool.Exec(t.Context(), fmt.Sprintf(sql, args...)); err != nil {
		t.Fatal(err)
	}
}

// run runs members until the test ends, or the function that it returns is called, which gives the error.
func (f *fixture) run(t *testing.T, members ...projection.Member) (stop func() error) {
	t.Helper()
	return run(t, f.runner, members...)
}

func run(t *testing.T, runner *projection.Runner, members ...projection.Member) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx, members...) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return stop
}

// append appends so many events to each of some streams, and gives the last position.
func (f *fixture) append(t *testing.T, streams, events int) int64 {
	t.Helper()
	var futures []*groupcommit.Future
	for range events {
		for i := range streams {
			cmd := groupcommit.To(fmt.Sprint("stream-", i), groupcommit.Any, groupcommit.JSON("Happened", i))
			futures = append(futures, f.store.Submit(t.Context(), cmd))
		}
	}
	results, err := groupcommit.WaitAll(t.Context(), futures...)
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	for _, result := range results {
		last = max(last, result.Last)
	}
	return last
}

func (f *fixture) waitFor(t *testing.T, name string, position int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := f.runner.WaitFor(ctx, name, position); err != nil {
		t.Fatal(err)
	}
}

// status is that of a version of a projection, which is there.
func (f *fixture) status(t *testing.T, name string, version int) projection.Status {
	t.Helper()
	s, found := f.find(t, name, version)
	if !found {
		t.Fatalf("no projection %s, version %d", name, version)
	}
	return s
}

// find is the status of a version of a projection, once it has begun.
func (f *fixture) find(t *testing.T, name string, version int) (status projection.Status, found bool) {
	t.Helper()
	all, err := f.runner.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(s projection.Status) bool { return s.Name == name && s.Version == version })
	if at < 0 {
		return status, false
	}
	return all[at], true
}

// parked are the positions of the parked events of version 0.
func (f *fixture) parked(t *testing.T, name string) (positions []int64) {
	t.Helper()
	all, err := f.runner.Parked(t.Context(), name, 0, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		positions = append(positions, e.Position)
	}
	return positions
}

// waiters is how many sessions of the read models wait for a lock.
func (f *fixture) waiters(t *testing.T) (n int) {
	t.Helper()
	return query[int](t, f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s' AND wait_event_type = 'Lock'", f.Schema)
}

// holder is the server process of the session that has the only turn that is taken.
func (f *fixture) holder(t *testing.T) (pid int) {
	t.Helper()
	return query[int](t, f, `
		SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND granted AND application_name = '%s'`, f.Schema)
}

// query asks for one value.
func query[T any](t *testing.T, f *fixture, sql string, args ...any) (value T) {
	t.Helper()
	if err := f.pool.QueryRow(t.Context(), fmt.Sprintf(sql, args...)).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// tally counts events, and adds up their positions, by stream: it shows each event that is missing and each that was applied twice.
type tally map[string]entry

type entry struct{ events, positions int64 }

func (t tally) add(e *groupcommit.RecordedEvent) {
	sum := t[e.Stream]
	t[e.Stream] = entry{sum.events + 1, sum.positions + e.Position}
}

// tallying is a projection that keeps a tally in a table.
func tallying(table string) projection.Projection {
	return projection.Projection{
		Name: "tally",
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			streams, positions := make([]string, len(events)), make([]int64, len(events))
			for i, e := range events {
				streams[i], positions[i] = e.Stream, e.Position
			}
			_, err := tx.Exec(ctx, fmt.Sprintf(`
				INSERT INTO %[1]s AS t SELECT stream, count(*), sum(position) FROM unnest($1::text[], $2::bigint[]) e (stream, position) GROUP BY stream
				ON CONFLICT (stream) DO UPDATE SET events = t.events + excluded.events, positions = t.positions + excluded.positions`, table),
				streams, positions)
			return err
		},
	}
}

// checkTally compares a table with what the log says, but for events at these positions.
func (f *fixture) checkTally(t *testing.T, table string, but ...int64) {
	t.Helper()
	want := tally{}
	for e, err := range f.store.ReadAll(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(but, e.Position) {
			want.add(&e)
		}
	}
	got := tally{}
	rows, err := f.pool.Query(t.Context(), "SELECT stream, events, positions::bigint FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	var stream string
	var e entry
	if _, err := pgx.ForEachRow(rows, []any{&stream, &e.events, &e.positions}, func() error { got[stream] = e; return nil }); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the table holds %v, the log %v", got, want)
	}
}
