package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
)

func TestProjectionFollowsTheLog(t *testing.T) {
	f := newFixture(t)
	f.append(t, 5, 100)
	f.run(t, tallying(f.table("tally")))
	for range 3 {
		last := f.append(t, 10, 20)
		f.waitFor(t, "tally", last)
		f.checkTally(t, f.table("tally"))
	}
	end, err := f.store.End(t.Context())
	s := f.status(t, "tally", 0)
	if err != nil || s.Checkpoint != end || !s.Live || s.Lag != 0 || s.LagTime != 0 || s.Stopped || s.Error != "" || s.MovedAt.IsZero() {
		t.Errorf("%+v, and the log ends at %v, %v", s, end, err)
	}
}

func TestReaderIsASource(t *testing.T) {
	f := newFixture(t)
	reader, err := groupcommit.OpenReader(t.Context(), groupcommit.Config{DatabaseURL: f.URL, Schema: f.Schema})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if f.runner, err = projection.NewRunner(t.Context(), reader, projection.Config{Pool: f.pool, Schema: f.Schema}); err != nil {
		t.Fatal(err)
	}
	stop := f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 3, 10))
	f.checkTally(t, f.table("tally"))
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A projection that is stopped at every checkpoint goes on where it was.
func TestRestartAtEveryCheckpoint(t *testing.T) {
	f := newFixture(t)
	const events = 20
	last := f.append(t, 2, events/2)
	p := tallying(f.table("tally"))
	p.BatchEvents = 1
	apply := p.Apply
	for position := int64(0); position < last; {
		ctx, cancel := context.WithCancel(t.Context())
		p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			if events[0].Position > position+1 {
				cancel()
				return ctx.Err()
			}
			return apply(ctx, tx, events)
		}
		if position == last-1 {
			go func() { _ = f.runner.WaitFor(ctx, "tally", last); cancel() }()
		}
		if err := f.runner.Run(ctx, p); err != nil {
			t.Fatal(err)
		}
		cancel()
		position = f.status(t, "tally", 0).Position
	}
	f.checkTally(t, f.table("tally"))
}

func TestFilters(t *testing.T) {
	f := newFixture(t)
	p := tallying(f.table("tally"))
	p.StreamPrefix = "stream-1"
	f.run(t, p)
	f.append(t, 1, 1)
	last := f.append(t, 2, 10)
	f.waitFor(t, "tally", last)
	last = f.append(t, 1, 5) // none that it wants
	f.waitFor(t, "tally", last)
	if got := query[string](t, f, "SELECT string_agg(stream || ': ' || events, ', ') FROM %s", f.table("tally")); got != "stream-1: 10" {
		t.Error(got)
	}
}

var errUnfit = errors.New("unfit")

// unfitFor makes a projection fail on events at these positions, after it has written.
func unfitFor(p projection.Projection, positions ...int64) projection.Projection {
	apply := p.Apply
	p.Attempts = 2
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		if err := apply(ctx, tx, events); err != nil {
			return err
		}
		for _, e := range events {
			if slices.Contains(positions, e.Position) {
				return fmt.Errorf("position %d is %w", e.Position, errUnfit)
			}
		}
		return nil
	}
	return p
}

func TestEventThatFailsAlwaysStops(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 10)
	good := tallying(f.table("tally"))
	bad := unfitFor(good, 7)
	bad.BatchEvents = 2
	err := f.runner.Run(t.Context(), bad)
	stopped, ok := errors.AsType[*projection.StoppedError](err)
	if !ok || stopped.After != 6 || stopped.Attempts != 2 || !errors.Is(err, errUnfit) {
		t.Fatalf("%v", err)
	}
	if s := f.status(t, "tally", 0); !s.Stopped || s.Position != 6 || s.Error == "" || s.ErrorAt.IsZero() || s.Lag != last-6 || s.LagTime <= 0 {
		t.Errorf("%+v", s)
	}
	if err := f.runner.WaitFor(t.Context(), "tally", last); !errors.As(err, &stopped) || stopped.After != 6 || strings.Contains(err.Error(), "attempts") {
		t.Errorf("%v", err)
	}
	if err := f.newRunner(t).WaitFor(t.Context(), "tally", 3); err != nil {
		t.Errorf("it was there before it stopped: %v", err)
	}
	f.run(t, good)
	eventually(t, "it runs again", func() bool { s := f.status(t, "tally", 0); return s.Position == last && !s.Stopped && s.Error == "" })
	f.checkTally(t, f.table("tally"))
}

func TestEventThatFailsAlwaysIsParked(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 3, 10)
	good := tallying(f.table("tally"))
	bad := unfitFor(good, 7, 20)
	bad.OnFailure = projection.Park
	f.run(t, bad)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"), 7, 20)
	parked, err := f.runner.Parked(t.Context(), "tally", 0, 0, 10)
	if err != nil || len(parked) != 2 || parked[0].Position != 7 || parked[1].Position != 20 {
		t.Fatalf("%+v, %v", parked, err)
	}
	if e := parked[0]; e.Error != "position 7 is unfit" || e.Attempts != 1 || e.Stream != "stream-0" || e.Type != "Happened" {
		t.Errorf("%+v", e)
	}
	if s := f.status(t, "tally", 0); s.Parked != 2 || s.Stopped {
		t.Errorf("%+v", s)
	}

	if done, err := f.runner.Retry(t.Context(), bad, 7); done != 0 || !errors.Is(err, errUnfit) {
		t.Errorf("%d, %v", done, err)
	}
	if parked, err = f.runner.Parked(t.Context(), "tally", 0, 0, 1); err != nil || parked[0].Attempts != 2 {
		t.Errorf("%+v, %v", parked, err)
	}
	if done, err := f.runner.Retry(t.Context(), good); done != 2 || err != nil {
		t.Errorf("%d, %v", done, err)
	}
	if done, err := f.runner.Retry(t.Context(), good, 7); done != 0 || err == nil {
		t.Errorf("%d, %v", done, err)
	}
	f.checkTally(t, f.table("tally"))
}

// What a deferred constraint refuses is told at COMMIT, without a word of which event it was.
func TestDeferredConstraintParksTheEventAtFault(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE TABLE %s (half bigint, CONSTRAINT once UNIQUE (half) DEFERRABLE INITIALLY DEFERRED)", f.table("halves"))
	last := f.append(t, 1, 3)
	f.run(t, projection.Projection{
		Name:    "halves",
		Options: projection.Options{Attempts: 1, OnFailure: projection.Park},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			for _, e := range events {
				if _, err := tx.Exec(ctx, "INSERT INTO "+f.table("halves")+" VALUES ($1)", e.Position/2); err != nil {
					return err
				}
			}
			return nil
		},
	})
	f.waitFor(t, "halves", last)
	if parked := f.parked(t, "halves"); !slices.Equal(parked, []int64{3}) {
		t.Errorf("%v", parked)
	}
}

// An error of the server that Apply keeps to itself has undone what was written all the same.
func TestErrorThatApplyKeepsIsParked(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 4)
	p := tallying(f.table("tally"))
	apply := p.Apply
	p.Attempts, p.OnFailure = 1, projection.Park
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		err := apply(ctx, tx, events)
		for _, e := range events {
			_, _ = tx.Exec(ctx, "SELECT 1 / ($1::int - 3)", e.Position)
		}
		return err
	}
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"), 3)
	if parked := f.parked(t, "tally"); !slices.Equal(parked, []int64{3}) {
		t.Errorf("%v", parked)
	}
}

// What one event of a batch checks early the next one may still defer.
func TestDeferredConstraintStaysDeferred(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE TABLE %s (position bigint PRIMARY KEY, place bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)", f.table("places"))
	f.exec(t, "INSERT INTO %s VALUES (0, 0)", f.table("places"))
	last := f.append(t, 1, 4)
	p := projection.Projection{
		Name:    "places",
		Options: projection.Options{OnFailure: projection.Park},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			for _, e := range events {
				if _, err := tx.Exec(ctx, "INSERT INTO "+f.table("places")+" VALUES ($1, 0)", e.Position); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, "UPDATE "+f.table("places")+" SET place = $1 WHERE position = $1", e.Position); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f.run(t, unfitFor(p, 2))
	f.waitFor(t, "places", last)
	if parked := f.parked(t, "places"); !slices.Equal(parked, []int64{2}) {
		t.Errorf("%v", parked)
	}
}

// The event at fault is found by halving: a large batch is parked in a few steps.
func TestEventAtFaultIsFoundByHalving(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 512)
	p := unfitFor(tallying(f.table("tally")), 377)
	apply, calls := p.Apply, 0
	p.Attempts, p.OnFailure = 1, projection.Park
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		calls++
		return apply(ctx, tx, events)
	}
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"), 377)
	if calls > 25 { // two for all, and two for each time that they are halved
		t.Errorf("%d calls", calls)
	}
}

// What is no fault of the events is tried for as long as it takes.
func TestTransientFailureIsNeitherCountedNorParked(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 5)
	p := tallying(f.table("tally"))
	apply, calls := p.Apply, 0
	p.Attempts, p.OnFailure = 1, projection.Park
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		if calls++; calls < 4 {
			return projection.Transient(errUnfit)
		}
		return apply(ctx, tx, events)
	}
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"))
	if s := f.status(t, "tally", 0); s.Parked != 0 || calls != 4 {
		t.Errorf("%+v after %d calls", s, calls)
	}
}

func TestPanicIsAFailure(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 1)
	p := tallying(f.table("tally"))
	p.Attempts = 1
	p.Apply = func(context.Context, pgx.Tx, []groupcommit.RecordedEvent) error { panic("out of ideas") }
	err := f.runner.Run(t.Context(), p)
	if _, ok := errors.AsType[*projection.StoppedError](err); !ok {
		t.Errorf("%v", err)
	}
	panicked, ok := errors.AsType[*groupcommit.PanicError](err)
	if !ok || panicked.Value != "out of ideas" || !strings.Contains(string(panicked.Stack), "TestPanicIsAFailure") {
		t.Fatal(err)
	}
	if s := f.status(t, "tally", 0); s.Error != panicked.Error() || strings.Contains(s.Error, "\n") {
		t.Errorf("the status says %q", s.Error)
	}
}

// One that stops leaves the others alone.
func TestSeveralAtOnce(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE TABLE %s (LIKE %s INCLUDING ALL)", f.table("other"), f.table("tally"))
	bad := unfitFor(tallying(f.table("tally")), 1)
	good := tallying(f.table("other"))
	good.Name = "other"
	stop := f.run(t, bad, good)
	f.append(t, 1, 5)
	eventually(t, "one has stopped", func() bool { s, found := f.find(t, "tally", 0); return found && s.Stopped })
	f.waitFor(t, "other", f.append(t, 1, 5))
	f.checkTally(t, f.table("other"))
	if err := stop(); !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
}

func TestRebuildAndSwapWhileWritesGoOn(t *testing.T) {
	f := newFixture(t)
	f.append(t, 5, 50)
	f.exec(t, "CREATE VIEW %s AS SELECT * FROM %s", f.table("current"), f.table("tally"))
	old := tallying(f.table("tally"))
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), old) }()
	f.waitFor(t, "tally", f.append(t, 5, 1))

	f.exec(t, "CREATE TABLE %s (LIKE %s INCLUDING ALL)", f.table("tally_b"), f.table("tally"))
	rebuilt := tallying(f.table("tally_b"))
	rebuilt.Version, rebuilt.BatchEvents = 1, 20
	var swaps atomic.Int32
	rebuilt.Swap = func(ctx context.Context, tx pgx.Tx) error {
		swaps.Add(1)
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM %s", f.table("current"), f.table("tally_b")))
		return err
	}
	f.run(t, rebuilt)
	for swaps.Load() == 0 {
		f.waitFor(t, "tally", f.append(t, 5, 2))
		f.checkTally(t, f.table("current"))
	}
	f.waitFor(t, "tally", f.append(t, 5, 2))
	f.checkTally(t, f.table("current"))
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	if err := f.runner.Run(t.Context(), old); !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	if all, err := f.runner.Status(t.Context()); err != nil || len(all) != 1 || all[0].Version != 1 || !all[0].Live {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errUnfit)
	if err := f.runner.WaitFor(ctx, "nobody", 1); !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
}

// After a failover that lost commits the log is another one: nothing is applied to what the old one has built.
func TestLostCommitsStop(t *testing.T) {
	f := newFixture(t)
	stop := f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 1, 3))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f.exec(t, "UPDATE %s SET commit_id = gen_random_uuid()", f.table("projections"))
	f.append(t, 1, 3)
	if err := f.runner.Run(t.Context(), tallying(f.table("tally"))); !errors.Is(err, groupcommit.ErrLostCommits) {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); !s.Stopped || s.Position != 3 {
		t.Errorf("%+v", s)
	}
}

// A slow consumer gets everything, and holds nobody up.
func TestSlowConsumer(t *testing.T) {
	f := newFixture(t)
	p := tallying(f.table("tally"))
	apply, gate, reached := p.Apply, make(chan struct{}), make(chan struct{}, 1)
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		select {
		case reached <- struct{}{}:
		default:
		}
		<-gate
		return apply(ctx, tx, events)
	}
	f.run(t, p)
	f.append(t, 1, 1)
	<-reached
	last := f.append(t, 10, 300)
	close(gate)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"))
}

func TestServerRestarts(t *testing.T) {
	server := pgtest.Server(t)
	f := newFixtureAt(t, place{URL: server.URL(), Schema: "log"})
	f.run(t, tallying(f.table("tally")))
	for range 3 {
		f.waitFor(t, "tally", f.append(t, 5, 10))
		if err := errors.Join(server.Crash(t.Context()), server.Start(t.Context())); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the server answers", func() bool { return f.pool.Ping(t.Context()) == nil })
	}
	last := f.append(t, 5, 10)
	eventually(t, "the projection goes on", func() bool { return f.runner.WaitFor(t.Context(), "tally", last) == nil })
	f.checkTally(t, f.table("tally"))
}

// What has failed at the end of the log, and was mended, is told no longer, though there is nothing to move on to.
func TestErrorAtTheEndOfTheLogHasPassed(t *testing.T) {
	f := newFixture(t)
	f.run(t, tallying(f.table("tally")))
	last := f.append(t, 1, 5)
	f.waitFor(t, "tally", last)
	f.exec(t, "UPDATE %s SET error = 'it has passed', error_at = now()", f.table("projections"))
	if s := f.status(t, "tally", 0); s.Position != last || s.Error != "" || !s.ErrorAt.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestHandlerSavesItsCheckpoint(t *testing.T) {
	f := newFixture(t)
	var seen atomic.Int64
	h := projection.Handler{
		Name: "mails", CheckpointEvents: 5, CheckpointEvery: time.Hour,
		Handle: func(_ context.Context, events []groupcommit.RecordedEvent) error {
			seen.Store(events[len(events)-1].Position)
			return nil
		},
	}
	stop := f.run(t, h)
	f.waitFor(t, "mails", f.append(t, 1, 5)) // so many at the least
	last := f.append(t, 1, 1)
	eventually(t, "the next one is handled", func() bool { return seen.Load() == last })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if s := f.status(t, "mails", 0); s.Position != last { // saved at the end
		t.Errorf("%+v", s)
	}
	h.CheckpointEvery = time.Millisecond
	f.run(t, h)
	f.waitFor(t, "mails", f.append(t, 1, 1))
}

func TestMaterializedViewIsKeptFresh(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE MATERIALIZED VIEW %[1]s.counts AS SELECT stream, count(*) AS events FROM %[1]s.events GROUP BY stream WITH NO DATA", f.Schema)
	f.exec(t, "CREATE UNIQUE INDEX ON %s.counts (stream)", f.Schema)
	f.run(t, projection.MaterializedView{Name: "counts", View: f.table("counts"), Every: time.Millisecond})
	for want := 5; want <= 15; want += 5 {
		f.waitFor(t, "counts", f.append(t, 1, 5))
		var events int
		if err := f.pool.QueryRow(t.Context(), "SELECT sum(events) FROM "+f.table("counts")).Scan(&events); err != nil || events != want {
			t.Errorf("%d events, %v; want %d", events, err, want)
		}
	}
}

// What no other attempt can mend has as many as a batch has, and then says what is to be done.
func TestRefreshThatAlwaysFailsStops(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 1)
	f.exec(t, "CREATE MATERIALIZED VIEW %[1]s.counts AS SELECT stream, count(*) AS events FROM %[1]s.events GROUP BY stream", f.Schema)
	f.exec(t, "CREATE UNIQUE INDEX ON %s (stream) WHERE events > 0", f.table("counts"))
	for name, says := range map[string]string{
		"counts":  "needs a unique index",
		"tally":   "is no materialized view",
		"nowhere": "there is no",
	} {
		view := projection.MaterializedView{Name: name, View: f.table(name), Every: time.Millisecond, Options: projection.Options{Attempts: 2}}
		err := f.runner.Run(t.Context(), view)
		stopped, ok := errors.AsType[*projection.StoppedError](err)
		if !ok || stopped.Attempts != 2 || stopped.After != last || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// What ends the transaction of a checkpoint is a mistake in the program. What it has committed stands with its checkpoint, so nothing is lost.
func TestEffectThatEndsItsTransactionStops(t *testing.T) {
	for name, end := range map[string]func(context.Context, pgx.Tx) error{
		"commit":                func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) },
		"rollback":              func(ctx context.Context, tx pgx.Tx) error { return tx.Rollback(ctx) },
		"statement":             func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, "COMMIT"); return err },
		"commit with a failure": func(ctx context.Context, tx pgx.Tx) error { return errors.Join(errUnfit, tx.Commit(ctx)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			last := f.append(t, 2, 5)
			good := tallying(f.table("tally"))
			bad := good
			bad.OnFailure, bad.BatchEvents = projection.Park, 3
			bad.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
				return errors.Join(good.Apply(ctx, tx, events), end(ctx, tx))
			}
			err := f.runner.Run(t.Context(), bad)
			if _, ok := errors.AsType[*projection.StoppedError](err); !ok || !strings.Contains(err.Error(), "ended the transaction") {
				t.Errorf("%v", err)
			}
			if s := f.status(t, "tally", 0); !s.Stopped || s.Parked > 0 {
				t.Errorf("%+v", s)
			}
			f.run(t, good)
			eventually(t, "what is left is applied", func() bool { return f.status(t, "tally", 0).Position == last })
			f.checkTally(t, f.table("tally"))
		})
	}
	t.Run("swap", func(t *testing.T) {
		f := newFixture(t)
		f.append(t, 1, 5)
		p := f.version(t, 1)
		p.Swap = func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) }
		err := f.runner.Run(t.Context(), p)
		if _, ok := errors.AsType[*projection.StoppedError](err); !ok || !strings.Contains(err.Error(), "ended the transaction") {
			t.Errorf("%v", err)
		}
	})
}

func TestUpcastThatAlwaysFailsStops(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 5)
	reader, err := groupcommit.OpenReader(t.Context(), groupcommit.Config{
		DatabaseURL: f.URL, Schema: f.Schema,
		Upcast: func(e groupcommit.RecordedEvent) (groupcommit.RecordedEvent, error) { return e, errUnfit },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p := tallying(f.table("tally"))
	p.Attempts = 2
	err = f.newRunnerOf(t, reader, projection.Config{Pool: f.pool}).Run(t.Context(), p)
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.Attempts != 2 || !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); !s.Stopped {
		t.Errorf("%+v", s)
	}
}

func TestUnusableMembersAreRefused(t *testing.T) {
	f := newFixture(t)
	apply := tallying("t").Apply
	handle := func(context.Context, []groupcommit.RecordedEvent) error { return nil }
	for _, m := range []projection.Member{
		projection.Projection{Apply: apply},
		projection.Projection{Name: "\xff", Apply: apply},
		projection.Projection{Name: "p"},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{Types: make([]string, 1001)}},
		projection.Projection{Name: "p", Apply: apply, Version: -1},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{BatchEvents: 10_001}},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{Timeout: time.Second - 1}},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{MaxParked: 100_001}},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{Attempts: -1}},
		projection.Projection{Name: "p", Apply: apply, Options: projection.Options{OnFailure: 7}},
		projection.Handler{Name: "h"},
		projection.Handler{Name: "h", Handle: handle, CheckpointEvents: -1},
		projection.MaterializedView{Name: "v"},
		projection.MaterializedView{Name: "v", View: "v", Every: -1},
		projection.MaterializedView{Name: "v", View: "v", Options: projection.Options{OnFailure: projection.Park}},
		nil,
	} {
		if err := f.runner.Run(t.Context(), m); !errors.As(err, new(*projection.InvalidError)) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if err := f.runner.Run(t.Context()); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("nothing to run: %v", err)
	}
}

func TestRunnerNamesWhatItNeeds(t *testing.T) {
	f := newFixture(t)
	_, err := projection.NewRunner(t.Context(), nil, projection.Config{Pool: f.pool})
	if invalid, ok := errors.AsType[*projection.InvalidError](err); !ok || invalid.Field != "source" {
		t.Errorf("%v", err)
	}
	_, err = projection.NewRunner(t.Context(), f.store, projection.Config{})
	if invalid, ok := errors.AsType[*projection.InvalidError](err); !ok || invalid.Field != "Config.Pool" {
		t.Errorf("%v", err)
	}
}

func TestSchemaThatWasNeverMigratedIsRefused(t *testing.T) {
	f := newFixture(t)
	_, err := projection.NewRunner(t.Context(), f.store, projection.Config{Pool: f.pool, Schema: "test_nowhere"})
	if schema, ok := errors.AsType[*groupcommit.SchemaError](err); !ok || schema.Problem != groupcommit.SchemaMissing {
		t.Errorf("%v", err)
	}
}
