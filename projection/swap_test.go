package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/projection"
)

// version is one of a tally, in a table of its own. Its Swap lets a view show the table.
func (f *fixture) version(t *testing.T, version int) projection.Projection {
	t.Helper()
	table := f.table(fmt.Sprint("tally_", version))
	f.exec(t, "CREATE TABLE %s (LIKE %s INCLUDING ALL)", table, f.table("tally"))
	p := tallying(table)
	p.Version = version
	p.Swap = func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT * FROM %s", f.table("current"), table))
		return err
	}
	return p
}

// versions are those that have a checkpoint.
func (f *fixture) versions(t *testing.T) (versions []int) {
	t.Helper()
	all, err := f.runner.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		versions = append(versions, s.Version)
	}
	return versions
}

// Two versions want the place of the live one at the same time. The higher one gets it, and nothing is applied to it twice.
func TestTwoVersionsSwapAtOnce(t *testing.T) {
	f := newFixture(t)
	stop := f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 3, 5))
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	lower, higher := f.version(t, 1), f.version(t, 2)
	swapping, gate := make(chan struct{}), make(chan struct{})
	swap := higher.Swap
	higher.Swap = func(ctx context.Context, tx pgx.Tx) error {
		close(swapping)
		<-gate
		return swap(ctx, tx)
	}
	f.run(t, higher)
	<-swapping
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), lower) }()
	eventually(t, "the lower one waits", func() bool { return f.waiters(t) > 0 })
	close(gate)
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	f.waitFor(t, "tally", f.append(t, 3, 5))
	f.checkTally(t, f.table("current"))
	if versions := f.versions(t); !slices.Equal(versions, []int{2}) {
		t.Errorf("%v", versions)
	}
}

// One whose checkpoint is gone has been replaced. To begin again would apply the whole log to what is there.
func TestCheckpointThatIsGoneEndsTheProjection(t *testing.T) {
	f := newFixture(t)
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), tallying(f.table("tally"))) }()
	f.waitFor(t, "tally", f.append(t, 1, 5))
	f.checkTally(t, f.table("tally"))
	f.exec(t, "DELETE FROM %s", f.table("projections"))
	last := f.append(t, 1, 1)
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	f.checkTally(t, f.table("tally"), last)
}

// In a new environment the first version may be any: its Swap is called, too.
func TestFirstVersionSwaps(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 2, 5)
	f.run(t, f.version(t, 2))
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("current"))
}

// What the example shows: readers of a view see each version in its turn, and the new one goes on to write to its own table.
func TestVersionsOfTheExample(t *testing.T) {
	f := newFixture(t)
	config := f.pool.Config()
	config.ConnConfig.RuntimeParams["search_path"] = f.Schema
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	f.runner = f.newRunnerOf(t, f.store, projection.Config{Pool: pool})
	wantEvents := func(want int64) {
		t.Helper()
		result, err := f.store.Append(t.Context(), groupcommit.To("account-1", groupcommit.Any, groupcommit.JSON("Deposited", nil)))
		if err != nil {
			t.Fatal(err)
		}
		f.waitFor(t, "activity", result.Last)
		if got := query[int64](t, f, "SELECT events FROM %s WHERE account = 'account-1'", f.table("activity")); got != want {
			t.Errorf("the view says %d events, want %d", got, want)
		}
	}
	for version := 1; version <= 2; version++ {
		f.exec(t, "CREATE TABLE %s (account text PRIMARY KEY, events bigint)", f.table(fmt.Sprint("activity_v", version)))
	}
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), activity(1)) }()
	wantEvents(1)
	stop := f.run(t, activity(2))
	eventually(t, "version 2 is live", func() bool { s, found := f.find(t, "activity", 2); return found && s.Live })
	wantEvents(2)
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	wantEvents(3)
	if err := stop(); err != nil { // before its pool is closed
		t.Fatal(err)
	}
}

// What is below a version that becomes live is forgotten, also what was never live.
func TestSwapForgetsAllBelow(t *testing.T) {
	f := newFixture(t)
	f.append(t, 2, 5)
	trial := f.version(t, 1)
	trial.Swap = nil
	stop := f.run(t, tallying(f.table("tally")), trial)
	eventually(t, "both have come to the end", func() bool {
		a, foundA := f.find(t, "tally", 0)
		b, foundB := f.find(t, "tally", 1)
		return foundA && foundB && a.Lag == 0 && b.Lag == 0
	})
	f.run(t, f.version(t, 2))
	eventually(t, "one version is left", func() bool { return slices.Equal(f.versions(t), []int{2}) })
	f.append(t, 1, 1)
	if err := stop(); err != nil && !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
}

func TestSwapThatAlwaysFailsStops(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 5)
	p := f.version(t, 1)
	p.Attempts = 2
	p.Swap = func(context.Context, pgx.Tx) error { return errUnfit }
	err := f.runner.Run(t.Context(), p)
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.Attempts != 2 || !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 1); s.Live || !s.Stopped {
		t.Errorf("%+v", s)
	}
}

// A version without a Swap is looked at first, and then made live by hand.
func TestMakeLive(t *testing.T) {
	f := newFixture(t)
	if err := f.runner.MakeLive(t.Context(), "tally", 1); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("it was never run: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), tallying(f.table("tally"))) }()
	f.waitFor(t, "tally", f.append(t, 2, 5))
	trial := f.version(t, 1)
	trial.Swap = nil
	stop := f.run(t, trial)
	eventually(t, "it has caught up", func() bool { s, found := f.find(t, "tally", 1); return found && s.Lag == 0 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f.waitFor(t, "tally", f.append(t, 2, 5))
	if err := f.runner.MakeLive(t.Context(), "tally", 1); !errors.Is(err, projection.ErrBehind) {
		t.Errorf("it is behind: %v", err)
	}
	f.run(t, trial)
	eventually(t, "it is made live", func() bool { return f.runner.MakeLive(t.Context(), "tally", 1) == nil })
	f.waitFor(t, "tally", f.append(t, 2, 5))
	f.checkTally(t, f.table("tally_1"))
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	if err := f.runner.MakeLive(t.Context(), "tally", 0); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("it was forgotten: %v", err)
	}
}

func TestForget(t *testing.T) {
	f := newFixture(t)
	stop := f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 2, 5))
	if err := f.runner.Forget(t.Context(), "tally", 0); !errors.Is(err, projection.ErrRunning) {
		t.Errorf("%v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is forgotten", func() bool { return f.runner.Forget(t.Context(), "tally", 0) == nil }) // the server may not have noticed yet
	if _, found := f.find(t, "tally", 0); found {
		t.Error("it is still there")
	}
	f.exec(t, "TRUNCATE %s", f.table("tally"))
	f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 1, 1))
	f.checkTally(t, f.table("tally"))
}
