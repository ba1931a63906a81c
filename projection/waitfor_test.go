package projection_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/projection"
)

// What runs here, and has come that far, need not be asked of the database.
func TestWaitForLooksHereFirst(t *testing.T) {
	f := newFixture(t)
	config := f.pool.Config()
	var asked atomic.Int64
	config.ConnConfig.Tracer = before(func(_ *pgx.Conn, sql string) {
		if strings.Contains(sql, "coalesce(error, '')") {
			asked.Add(1)
		}
	})
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	f.runner = f.newRunnerOf(t, f.store, projection.Config{Pool: pool})
	stop := f.run(t, tallying(f.table("tally")))
	last := f.append(t, 1, 5)
	f.waitFor(t, "tally", last)
	asked.Store(0)
	for position := range last {
		f.waitFor(t, "tally", position)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the database was asked %d times", n)
	}

	if err := stop(); err != nil {
		t.Fatal(err)
	}
	f.waitFor(t, "tally", last)
	if asked.Load() == 0 {
		t.Error("what does not run here any more may be anywhere")
	}
}

// A database that is out of reach is waited for: the projection goes on after that, too.
func TestWaitForOutlivesAnOutage(t *testing.T) {
	f := newFixture(t)
	config := f.pool.Config()
	var down atomic.Bool
	failed := make(chan struct{}, 100)
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		if down.Load() {
			c.Port = 1
			failed <- struct{}{}
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	runner := f.newRunnerOf(t, f.store, projection.Config{Pool: pool})
	f.run(t, tallying(f.table("tally"))) // elsewhere, as far as the runner knows
	last := f.append(t, 1, 5)
	f.waitFor(t, "tally", last)

	down.Store(true)
	pool.Reset()
	ended := make(chan error, 1)
	go func() { ended <- runner.WaitFor(t.Context(), "tally", last) }()
	<-failed
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	waiting := make(chan error, 1)
	go func() { waiting <- runner.WaitFor(ctx, "tally", last) }()
	<-failed
	<-failed
	cancel(enough)
	if err := <-waiting; !errors.Is(err, enough) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	down.Store(false)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	pool.Close()
	if err := runner.WaitFor(t.Context(), "tally", last); err == nil || !strings.HasPrefix(err.Error(), "projection: ") {
		t.Errorf("the pool is closed: %v", err)
	}
}

// It is told who waits that a projection has stopped, also where it did so meanwhile.
func TestWaitForHearsOfTheEnd(t *testing.T) {
	f := newFixture(t)
	f.run(t, unfitFor(tallying(f.table("tally")), 3))
	f.waitFor(t, "tally", f.append(t, 1, 2))
	ended := make(chan error, 1)
	go func() { ended <- f.runner.WaitFor(t.Context(), "tally", 3) }()
	f.append(t, 1, 1)
	if err := <-ended; !errors.As(err, new(*projection.StoppedError)) {
		t.Errorf("%v", err)
	}
}
