package projection_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/projection"
)

// listenTo is a logger that hands on all from warnings up.
func listenTo(hear func(message string)) *slog.Logger {
	return slog.New(listener(func(r slog.Record) {
		if r.Level >= slog.LevelWarn {
			hear(r.Message)
		}
	}))
}

// before is a tracer that is called before every statement.
type before func(conn *pgx.Conn, sql string)

func (do before) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	do(conn, data.SQL)
	return ctx
}

func (before) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// That a projection has stopped is written down by who has the turn, while it has it: nobody works meanwhile of whom it would not be true.
func TestStoppedIsSaidWithinTheTurn(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 1)
	config := f.pool.Config()
	notes := 0
	config.ConnConfig.Tracer = before(func(conn *pgx.Conn, sql string) {
		if strings.Contains(sql, "stopped = $4") {
			notes++
			if holder := f.holder(t); holder != int(conn.PgConn().PID()) {
				t.Errorf("%d writes it down, and the turn is that of %d", conn.PgConn().PID(), holder)
			}
		}
	})
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	runner := f.newRunnerOf(t, f.store, projection.Config{Pool: pool})
	if err := runner.Run(t.Context(), unfitFor(tallying(f.table("tally")), 1)); !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); !s.Stopped || notes != 2 {
		t.Errorf("%d notes: %+v", notes, s)
	}
}

// What moves has not stopped.
func TestMovingIsNotStopped(t *testing.T) {
	f := newFixture(t)
	f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 1, 1))
	f.exec(t, "UPDATE %s SET stopped = true, error = 'said by another', error_at = now()", f.table("projections"))
	f.waitFor(t, "tally", f.append(t, 1, 1))
	if query[bool](t, f, "SELECT stopped OR error IS NOT NULL OR error_at IS NOT NULL FROM %s", f.table("projections")) {
		t.Error("it still says so")
	}
}

// Who only waits for the turn says nothing of a projection that works.
func TestTroubleOfAWaiterIsItsOwn(t *testing.T) {
	f := newFixture(t)
	f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 1, 1))
	holder := f.holder(t)

	config := f.pool.Config()
	const application = "projection-waiter"
	config.ConnConfig.RuntimeParams["application_name"] = application
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	heard := make(chan struct{})
	hear := sync.OnceFunc(func() { close(heard) })
	waiting := f.newRunnerOf(t, f.store, projection.Config{Pool: pool, Logger: listenTo(func(string) { hear() })})
	stop := run(t, waiting, tallying(f.table("tally")))
	eventually(t, "it waits", func() bool {
		const asking = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s' AND query LIKE '%%pg_terminate_backend%%'"
		return query[int](t, f, asking, application) > 0
	})
	f.exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s'", application)
	<-heard
	if err := stop(); err != nil {
		t.Error(err)
	}
	if s := f.status(t, "tally", 0); s.Error != "" || f.holder(t) != holder {
		t.Errorf("%+v", s)
	}
}

// What belongs to every deployment is no reason for an alarm.
func TestReplacedAndClosedAreNoAlarm(t *testing.T) {
	f := newFixture(t)
	var alarms []string
	f.runner = f.newRunnerOf(t, f.store, projection.Config{Pool: f.pool, Logger: listenTo(func(message string) { alarms = append(alarms, message) })})
	ended := make(chan error, 1)
	go func() { ended <- f.runner.Run(t.Context(), tallying(f.table("tally"))) }()
	f.waitFor(t, "tally", f.append(t, 1, 5))
	run(t, f.newRunner(t), f.version(t, 1))
	eventually(t, "it has been replaced", func() bool { s, found := f.find(t, "tally", 1); return found && s.Live })
	f.append(t, 1, 1)
	if err := <-ended; !errors.Is(err, projection.ErrReplaced) {
		t.Errorf("%v", err)
	}
	other := tallying(f.table("tally"))
	other.Name = "other"
	go func() { ended <- f.runner.Run(t.Context(), other) }()
	f.waitFor(t, "other", 1)
	if err := f.store.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, groupcommit.ErrClosed) {
		t.Errorf("%v", err)
	}
	if len(alarms) > 0 {
		t.Errorf("%q", alarms)
	}
}
