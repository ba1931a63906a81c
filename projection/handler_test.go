package projection_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/projection"
)

// fit fails on nothing.
func fit(int64) error { return nil }

// one is a handler of one event at a time that saves its checkpoint at the end alone.
func one(handle func(context.Context, []groupcommit.RecordedEvent) error) projection.Handler {
	return projection.Handler{Name: "mails", Handle: handle, CheckpointEvery: time.Hour, Options: projection.Options{BatchEvents: 1}}
}

// Who has lost the turn without a word has no more effects.
func TestHandlerMakesSureOfItsTurn(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 3)
	var order []int64
	first, gate, end := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f.run(t, one(func(_ context.Context, events []groupcommit.RecordedEvent) error {
		order = append(order, events[0].Position)
		if len(order) == 1 {
			close(first)
			<-gate
		}
		if events[0].Position == last {
			close(end)
		}
		return nil
	}))
	<-first
	f.exec(t, "SELECT pg_terminate_backend(%d, 10000)", f.holder(t))
	close(gate)
	<-end
	if len(order) != 4 || order[1] != order[0] {
		t.Errorf("handled %v, and it lost its turn, and what it had not saved, with the first one", order)
	}
}

// However it ends, it saves what it has done: so much the less is done again.
func TestHandlerSavesWhenItEndsWhileBusy(t *testing.T) {
	for name, end := range map[string]func(f *fixture, cancel context.CancelFunc) error{
		"stopped": func(_ *fixture, cancel context.CancelFunc) error { cancel(); return nil },
		"closed":  func(f *fixture, _ context.CancelFunc) error { return f.store.Close(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			last := f.append(t, 1, 10)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := f.runner.Run(ctx, one(func(ctx context.Context, events []groupcommit.RecordedEvent) error {
				if events[0].Position < last {
					return nil
				}
				if err := end(f, cancel); err != nil {
					t.Error(err)
				}
				return ctx.Err()
			}))
			if err != nil && !errors.Is(err, groupcommit.ErrClosed) {
				t.Error(err)
			}
			if at := query[int64](t, f, "SELECT position FROM %s", f.table("projections")); at < last-1 {
				t.Errorf("it has handled all up to %d, and its checkpoint is %d", last-1, at)
			}
		})
	}
}

// A checkpoint that cannot be saved now is saved later. The turn is kept meanwhile, and nothing is done again.
func TestHandlerKeepsItsTurnWhenASaveFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	m := &mails{seen: map[int64]int{}, fail: fit}
	var failed atomic.Bool
	f.runner = f.newRunnerOf(t, f.store, projection.Config{Pool: f.pool, Logger: listenTo(func(string) { failed.Store(true) })})
	stop := f.run(t, projection.Handler{
		Name: "mails", Handle: m.handle, CheckpointEvents: 1, Options: projection.Options{Timeout: time.Second},
	})
	f.waitFor(t, "mails", f.append(t, 1, 1))
	other, err := f.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), "SELECT FROM "+f.table("projections")+" FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	last := f.append(t, 1, 3)
	eventually(t, "a save fails", failed.Load)
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.waitFor(t, "mails", last)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for position, n := range m.seen {
		if n != 1 {
			t.Errorf("position %d was handled %d times", position, n)
		}
	}
}
