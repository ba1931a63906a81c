package decider_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

func TestExecute(t *testing.T) {
	store := open(t, groupcommit.Config{})
	accounts := decider.New(evolve)
	a, b := accounts.At("a"), accounts.At("b")
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.NoStream, move(1000))); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	conflicts := 0
	retry := decider.Retry{Attempts: 1000, OnConflict: func(int, *groupcommit.ConflictError) {
		mu.Lock()
		defer mu.Unlock()
		conflicts++
	}}
	for range 8 {
		wg.Go(func() {
			for range 10 {
				_, err := decider.Execute(t.Context(), store, func(_ context.Context, d *decider.Decision) error {
					if a.State(d).Balance+b.State(d).Balance != 1000 {
						return fmt.Errorf("%+v and %+v", a.State(d), b.State(d))
					}
					a.Append(d, move(-1))
					b.Append(d, move(1))
					return nil
				}, a, b, retry)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	_, err := decider.Execute(t.Context(), store, func(_ context.Context, d *decider.Decision) error {
		if a.State(d).Balance != 920 || b.State(d).Balance != 80 || b.Version(d) != 80 {
			t.Errorf("%+v, %+v", a.State(d), b.State(d))
		}
		return errPoor
	}, a, b)
	if !errors.Is(err, errPoor) {
		t.Error(err)
	}
	t.Log(conflicts, "conflicts")
}

func TestExecuteGivesUp(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	calls := 0
	_, err := decider.Execute(t.Context(), store, func(ctx context.Context, d *decider.Decision) error {
		calls++
		if _, err := store.Append(ctx, groupcommit.To("a", groupcommit.Any, move(1))); err != nil {
			return err
		}
		a.Append(d, move(1))
		return nil
	}, a, decider.Retry{Attempts: 3})
	if conflict, ok := errors.AsType[*groupcommit.ConflictError](err); !ok || conflict.Actual != 3 || calls != 3 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// A repetition is answered with the first result, also by one that would decide otherwise now.
func TestExecuteWithID(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	id := decider.ID(uuid.New(), "once")
	for n := range 3 {
		result, err := decider.Execute(t.Context(), store, func(_ context.Context, d *decider.Decision) error {
			a.Append(d, move(a.State(d).Balance+1))
			return nil
		}, a, id)
		if err != nil || result.First != 1 || result.Duplicate != (n > 0) {
			t.Errorf("%+v, %v", result, err)
		}
	}
}

// What To expects of a stream that was read, too, holds as it does for Submit.
func TestExecuteKeepsExpectations(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.NoStream, move(1))); err != nil {
		t.Fatal(err)
	}
	_, err := decider.Execute(t.Context(), store, func(_ context.Context, d *decider.Decision) error {
		d.To("a", groupcommit.NoStream, move(1))
		return nil
	}, a)
	if conflict, ok := errors.AsType[*groupcommit.ConflictError](err); !ok || conflict.Expected != groupcommit.NoStream || conflict.Actual != 1 {
		t.Errorf("got %v", err)
	}
}

// A panic is told as Submit tells it, be it of decide or of evolve.
func TestExecuteTellsOfAPanic(t *testing.T) {
	store := open(t, groupcommit.Config{})
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.NoStream, move(1))); err != nil {
		t.Fatal(err)
	}
	panics := func(account, groupcommit.RecordedEvent) (account, error) { panic("evolve") }
	for value, a := range map[string]decider.Handle[account]{"decide": decider.New(evolve).At("a"), "evolve": decider.New(panics).At("a")} {
		_, err := decider.Execute(t.Context(), store, func(context.Context, *decider.Decision) error { panic("decide") }, a)
		if !isPanic(value)(err) {
			t.Errorf("got %v, want a panic of %s", err, value)
		}
	}
}

// shut is a store whose database was left.
type shut struct{ *groupcommit.Store }

func (shut) ReadStream(context.Context, string, ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error] {
	return func(yield func(groupcommit.RecordedEvent, error) bool) {
		yield(groupcommit.RecordedEvent{}, fmt.Errorf("reading: %w", groupcommit.ErrClosed))
	}
}

// On a store that is closed nothing has a use, and so the error does not say that it had.
func TestExecuteOnAClosedStore(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	_, err := decider.Execute(t.Context(), shut{store}, func(context.Context, *decider.Decision) error { return nil }, a)
	if !errors.Is(err, groupcommit.ErrClosed) || errors.Is(err, groupcommit.ErrNotWritten) {
		t.Errorf("got %v", err)
	}
}
