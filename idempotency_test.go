package groupcommit_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// order is a command over several streams, built anew at each call.
func order(id uuid.UUID) groupcommit.Command {
	return groupcommit.Command{ID: id, Streams: []groupcommit.StreamWrite{
		{Stream: "order", Expect: groupcommit.NoStream, Events: []groupcommit.Event{happened(1), happened(2)}},
		{Stream: "customer", Expect: groupcommit.NoStream},
		{Stream: "stock", Events: []groupcommit.Event{happened(3)}},
	}}
}

// wantDuplicate checks that a result is the first one, told again.
func wantDuplicate(t *testing.T, got, first groupcommit.Result) {
	t.Helper()
	if first.Duplicate || !got.Duplicate {
		t.Errorf("the first is a duplicate: %t, the repetition: %t", first.Duplicate, got.Duplicate)
	}
	if got.First != first.First || got.Last != first.Last || got.CommittedAt != first.CommittedAt || !slices.Equal(got.Versions, first.Versions) {
		t.Errorf("the repetition gives %+v, the first %+v", got, first)
	}
}

func TestIdempotentRetry(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		id := uuid.New()
		first := mustAppend(t, store, order(id))
		wantDuplicate(t, mustAppend(t, store, order(id)), first) // its own events stand against it

		mustAppend(t, store, groupcommit.To("customer", groupcommit.NoStream, happened(4)))
		mustAppend(t, store, groupcommit.To("order", groupcommit.Exact(2), happened(5)))
		wantDuplicate(t, mustAppend(t, store, order(id)), first)
		if events := readAll(t, store); len(events) != 5 {
			t.Errorf("%d events, want 5", len(events))
		}
	})
}

// Nothing stands against the repetition but its ID.
func TestIdempotentRetryOfWhatWouldHold(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		cmd := identified(write("s"))
		first := mustAppend(t, store, cmd)
		mustAppend(t, store, write("s"))
		wantDuplicate(t, mustAppend(t, store, cmd), first)
		wantVersion(t, store, "s", 2)
	})
}

func TestIdempotentRetryAfterAConflict(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		cmd := identified(groupcommit.To("s", groupcommit.Exact(1), happened(2)))
		_, err := store.Append(t.Context(), cmd)
		wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(1)})
		mustAppend(t, store, write("s"))
		if result := mustAppend(t, store, cmd); result.Duplicate || result.Version("s") != 2 {
			t.Errorf("a conflict is remembered: %+v", result)
		}
	})
}

func TestIdempotentRetryByAnotherStore(t *testing.T) {
	schema := pgtest.Schema(t)
	here := openPostgres(t, groupcommit.Config{Schema: schema})
	there := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, there, write("elsewhere")) // there knows the log up to here

	refused, accepted := order(uuid.New()), identified(write("s"))
	first := mustAppend(t, here, refused)
	second := mustAppend(t, here, accepted)
	mustAppend(t, here, write("s"))
	wantDuplicate(t, mustAppend(t, there, accepted), second)
	wantDuplicate(t, mustAppend(t, there, refused), first)

	third := openPostgres(t, groupcommit.Config{Schema: schema})
	wantDuplicate(t, mustAppend(t, third, refused), first)
	wantDuplicate(t, mustAppend(t, third, accepted), second)

	_, err := third.Append(t.Context(), groupcommit.Command{ID: accepted.ID, Streams: write("other").Streams})
	if reused := wantError[*groupcommit.ReusedIDError](t, err); reused.ID != accepted.ID ||
		reused.First != second.First || reused.Last != second.Last || !reused.CommittedAt.Equal(second.CommittedAt) {
		t.Errorf("got %+v, want what %+v tells", reused, second)
	}
	if events := readAll(t, here); len(events) != 6 {
		t.Errorf("%d events, want 6", len(events))
	}
}

func TestReusedID(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		id := uuid.New()
		mustAppend(t, store, order(id))
		for name, change := range map[string]func(*groupcommit.Command){
			"would hold":        func(c *groupcommit.Command) { *c = write("elsewhere") },
			"other data":        func(c *groupcommit.Command) { c.Streams[0].Events[0] = happened(9) },
			"other expectation": func(c *groupcommit.Command) { c.Streams[0].Expect = groupcommit.StreamExists },
			"no guard":          func(c *groupcommit.Command) { c.Streams = slices.Delete(c.Streams, 1, 2) },
		} {
			cmd := order(id)
			change(&cmd)
			cmd.ID = id
			_, err := store.Append(t.Context(), cmd)
			if reused := wantError[*groupcommit.ReusedIDError](t, err); reused.ID != id {
				t.Errorf("%s: ID %s, want %s", name, reused.ID, id)
			}
		}
		if events := readAll(t, store); len(events) != 3 {
			t.Errorf("%d events, want 3", len(events))
		}
	})
}

func TestSameIDTwiceInOneBatch(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		id, other := uuid.New(), identified(write("s"))
		reused := write("elsewhere")
		reused.ID = id
		futures := submitTogether(t, store, order(id), other, order(id), reused, write("s"), other)

		first := mustResult(t, futures[0])
		wantDuplicate(t, mustResult(t, futures[2]), first)
		wantDuplicate(t, mustResult(t, futures[5]), mustResult(t, futures[1]))
		_, err := futures[3].Result()
		wantError[*groupcommit.ReusedIDError](t, err)
		if result := mustResult(t, futures[4]); result.Version("s") != 2 || result.First != first.Last+2 {
			t.Errorf("the neighbour got %+v", result)
		}

		again := submitTogether(t, store, order(id), write("s"), order(id)) // recorded, and twice in one batch
		wantDuplicate(t, mustResult(t, again[0]), first)
		wantDuplicate(t, mustResult(t, again[2]), first)
		wantVersion(t, store, "s", 3)
	})
}

// The failed one has not used its ID up, so the next with the same ID is judged by itself.
func TestSameIDAfterAConflictInOneBatch(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		cmd := identified(groupcommit.To("s", groupcommit.Exact(1), happened(2)))
		futures := submitTogether(t, store, cmd, write("s"), cmd, cmd)
		_, err := futures[0].Result()
		wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(1)})
		first := mustResult(t, futures[2])
		if first.Version("s") != 2 {
			t.Errorf("got %+v", first)
		}
		wantDuplicate(t, mustResult(t, futures[3]), first)
	})
}

// The same command, submitted by many at once to two processes, takes effect once.
func TestSameIDFromTwoStores(t *testing.T) {
	schema := pgtest.Schema(t)
	stores := []*groupcommit.Store{
		openPostgres(t, groupcommit.Config{Schema: schema}),
		openPostgres(t, groupcommit.Config{Schema: schema}),
	}
	for range 20 {
		cmd := identified(write("s"))
		results := make([]groupcommit.Result, 6)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				var err error
				if results[i], err = stores[i%2].Append(t.Context(), cmd); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		first := slices.IndexFunc(results, func(r groupcommit.Result) bool { return !r.Duplicate })
		if first < 0 {
			t.Fatal("all are duplicates, of what?")
		}
		for i := range results {
			if i != first {
				wantDuplicate(t, results[i], results[first])
			}
		}
	}
	wantVersion(t, stores[0], "s", 20)
}
