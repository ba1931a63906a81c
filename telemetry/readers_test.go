package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

// Subscriptions with a name are told of: how far they are behind while they are, and that they have ended with an error.
func TestSubscriptionsOfAStore(t *testing.T) {
	broken := false
	store, err := groupcommit.OpenInMemory(groupcommit.Config{Upcast: func(e groupcommit.RecordedEvent) (groupcommit.RecordedEvent, error) {
		if broken {
			return e, errors.New("broken")
		}
		return e, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(context.Background())
	for range 3 {
		if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Happened"})); err != nil {
			t.Fatal(err)
		}
	}
	seen := look(t, store, telemetry.Config{Lags: telemetry.Subscriptions(store)})
	for range store.Subscribe(t.Context(), 0) { // nobody knows whose it is
		for range store.Subscribe(t.Context(), 0, groupcommit.Named("orders")) {
			if all := seen.Snapshot().Lags; len(all) != 1 || all[0].Name != "orders" || all[0].Events != 3 || all[0].Age <= 0 || all[0].Stopped {
				t.Errorf("with a batch in hand: %+v", all)
			}
			break
		}
		break
	}
	if all := seen.Snapshot().Lags; len(all) != 0 {
		t.Errorf("of nobody: %+v", all)
	}
	broken = true
	for range store.Subscribe(t.Context(), 0, groupcommit.Named("orders")) {
	}
	if got := scrape(t, seen); got[`groupcommit_reader_stopped{reader="orders"}`] != 1 || got[`groupcommit_lag_events{reader="orders"}`] != 3 {
		t.Errorf("got %v", got)
	}
	if names, reasons := failed(seen.CheckReady(t.Context())); names != "reader orders" || reasons != "it has ended with an error" {
		t.Errorf("got %q, %q", names, reasons)
	}
}

func TestProjectionsOfARunner(t *testing.T) {
	store := openStore(t, groupcommit.Config{})
	if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.Any, groupcommit.JSON("Happened", 1))); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	runner, err := projection.NewRunner(t.Context(), store, projection.Config{Pool: pool, Schema: pgtest.Schema(t), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	nothing := func(context.Context, pgx.Tx, []groupcommit.RecordedEvent) error { return nil }
	go func() { ended <- runner.Run(ctx, projection.Projection{Name: "balances", Apply: nothing}) }()
	seen := look(t, store, telemetry.Config{Projections: runner, Interval: 100 * time.Millisecond})
	for all := seen.Snapshot().Lags; len(all) != 1 || all[0] != (telemetry.Lag{Name: "balances"}); all = seen.Snapshot().Lags {
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// asked are projections that answer with what they are told to; nil: not at all.
type asked struct {
	answer atomic.Pointer[[]projection.Status]
	times  atomic.Int64
}

func (a *asked) Status(ctx context.Context) ([]projection.Status, error) {
	a.times.Add(1)
	if all := a.answer.Load(); all != nil {
		return *all, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// Projections are asked every Interval and by nobody else. While they do not answer, which is logged once, their lags grow.
func TestProjectionsAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		projections := &asked{}
		projections.answer.Store(&[]projection.Status{
			{Name: "balances", Live: true, Lag: 5, LagTime: time.Second},
			{Name: "balances", Version: 1, Lag: 1000, LagTime: time.Hour},
			{Name: "balances", Version: 2, Lag: 2000, LagTime: time.Hour, Stopped: true},
		})
		seen := look(t, &fake{}, telemetry.Config{Projections: projections, Logger: slog.New(slog.NewTextHandler(&log, nil)), Lags: func() []telemetry.Lag {
			return []telemetry.Lag{{Name: "mails", Events: 3}, {Name: "balances", Events: 77}, {Name: "balances, version 1", Events: 777, Age: time.Hour}}
		}})
		time.Sleep(59 * time.Second)
		want := []telemetry.Lag{
			{Name: "mails", Events: 3},
			{Name: "balances", Events: 5, Age: time.Second},
			{Name: "balances, version 2", Events: 2000, Age: time.Hour, Stopped: true},
		}
		got := seen.Snapshot().Lags
		if scrape(t, seen); !slices.Equal(got, want) || projections.times.Load() != 12 {
			t.Errorf("got %+v, asked %d times", got, projections.times.Load())
		}
		if stopped := target(t, seen, "reader_stopped"); !stopped.Missed || !strings.Contains(stopped.Message, "the reader balances, version 2 has given up") {
			t.Errorf("got %+v", stopped)
		}
		projections.answer.Store(nil)
		time.Sleep(time.Minute)
		if got := seen.Snapshot().Lags[1]; got.Events != 5 || got.Age != time.Second+64*time.Second {
			t.Errorf("while nobody answers: %+v", got)
		}
		if n := strings.Count(log.String(), "cannot be learned"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, log.String())
		}
		projections.answer.Store(&[]projection.Status{{Name: "balances", Live: true}})
		time.Sleep(5 * time.Second)
		if got := seen.Snapshot().Lags; len(got) != 3 || got[2] != (telemetry.Lag{Name: "balances"}) {
			t.Errorf("got %+v", got)
		}
		seen.Close()
	})
}

// A service that can do its work however far behind its readers are says so, and is ready.
func TestReadersNeedNotCount(t *testing.T) {
	lags := func() []telemetry.Lag {
		return []telemetry.Lag{{Name: "orders", Age: time.Hour}, {Name: "mails", Stopped: true}}
	}
	for limit, want := range map[time.Duration]string{0: "reader orders,reader mails", 2 * time.Hour: "reader mails", -1: ""} {
		seen := look(t, &fake{stats: stats.Stats{}}, telemetry.Config{Lags: lags, Ready: telemetry.ReadyLimits{Lag: limit}})
		if names, _ := failed(seen.CheckReady(t.Context())); names != want {
			t.Errorf("with %v: %q are not ready, want %q", limit, names, want)
		}
	}
}
