package groupcommit_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestAppend(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		own := groupcommit.Event{ID: uuid.New(), Type: "Second", Data: []byte(`{"n":2}`), Metadata: []byte(`{"user_id":"ann"}`)}
		before := time.Now().Truncate(time.Microsecond)
		first := mustAppend(t, store, groupcommit.To("a", groupcommit.NoStream, happened(1), own))
		after := time.Now()
		second := mustAppend(t, store, groupcommit.To("b", groupcommit.Any, groupcommit.Event{Type: "Empty"}))

		if first.First != 1 || first.Last != 2 || first.Duplicate || !slices.Equal(first.Versions, []groupcommit.StreamVersion{{Stream: "a", Version: 2}}) {
			t.Errorf("first result %+v", first)
		}
		if second.First != 3 || second.Last != 3 || second.Version("b") != 1 || second.Version("a") != 0 {
			t.Errorf("second result %+v", second)
		}
		if first.CommittedAt.Before(before) || first.CommittedAt.After(after) || !second.CommittedAt.After(first.CommittedAt) {
			t.Errorf("committed at %v, then %v; the clock said %v to %v", first.CommittedAt, second.CommittedAt, before, after)
		}

		events := readAll(t, store)
		if len(events) != 3 {
			t.Fatalf("%d events", len(events))
		}
		for i, want := range []groupcommit.RecordedEvent{
			{Position: 1, Stream: "a", Version: 1, Type: "Happened", RecordedAt: first.CommittedAt},
			{Position: 2, Stream: "a", Version: 2, Type: "Second", RecordedAt: first.CommittedAt},
			{Position: 3, Stream: "b", Version: 1, Type: "Empty", RecordedAt: second.CommittedAt},
		} {
			got := events[i]
			if got.Position != want.Position || got.Stream != want.Stream || got.Version != want.Version || got.Type != want.Type ||
				got.RecordedAt != want.RecordedAt {
				t.Errorf("event %d is %+v, want %+v", i, got, want)
			}
		}
		if events[0].ID.Version() != 7 || events[1].ID != own.ID {
			t.Errorf("IDs %s and %s", events[0].ID, events[1].ID)
		}
		wantJSON(t, events[1].Data, own.Data)
		wantJSON(t, events[1].Metadata, own.Metadata)
		if string(events[2].Data) != "null" || events[0].Metadata != nil || events[2].Metadata != nil {
			t.Errorf("data %q, metadata %q and %q", events[2].Data, events[0].Metadata, events[2].Metadata)
		}
	})
}

func TestConflict(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, groupcommit.To("two", groupcommit.NoStream, happened(1), happened(2)))
		for _, c := range []struct {
			stream string
			expect groupcommit.Expect
			actual int64
			holds  bool
		}{
			{"two", groupcommit.NoStream, 2, false},
			{"two", groupcommit.Exact(1), 2, false},
			{"two", groupcommit.Exact(3), 2, false},
			{"none", groupcommit.StreamExists, 0, false},
			{"none", groupcommit.Exact(1), 0, false},
			{"two", groupcommit.StreamExists, 2, true},
			{"two", groupcommit.Exact(3), 3, true},
			{"two", groupcommit.Any, 4, true},
			{"none", groupcommit.NoStream, 0, true},
		} {
			result, err := store.Append(t.Context(), groupcommit.To(c.stream, c.expect, happened(3)))
			if c.holds {
				if err != nil || result.Version(c.stream) != c.actual+1 {
					t.Errorf("%s: %v: got %+v, %v", c.stream, c.expect, result, err)
				}
				continue
			}
			wantConflict(t, err, groupcommit.ConflictError{Stream: c.stream, Expected: c.expect, Actual: c.actual})
			wantVersion(t, store, c.stream, c.actual)
		}
	})
}

// What a cache might remember wrongly: a conflict is told with the version that is committed, whoever wrote it.
func TestConflictWithAnotherStore(t *testing.T) {
	schema := pgtest.Schema(t)
	here := openPostgres(t, groupcommit.Config{Schema: schema})
	there := openPostgres(t, groupcommit.Config{Schema: schema})

	mustAppend(t, here, groupcommit.To("s", groupcommit.NoStream, happened(1)))
	mustAppend(t, there, groupcommit.To("s", groupcommit.Exact(1), happened(2), happened(3)))
	_, err := here.Append(t.Context(), groupcommit.To("s", groupcommit.Exact(1), happened(4)))
	wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(1), Actual: 3})
	mustAppend(t, here, groupcommit.To("s", groupcommit.Exact(3), happened(4)))
	_, err = there.Append(t.Context(), groupcommit.To("s", groupcommit.NoStream, happened(5)))
	wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.NoStream, Actual: 4})

	mustAppend(t, here, groupcommit.To("new", groupcommit.NoStream, happened(6)))
	_, err = there.Append(t.Context(), groupcommit.To("new", groupcommit.NoStream, happened(7)))
	wantConflict(t, err, groupcommit.ConflictError{Stream: "new", Expected: groupcommit.NoStream, Actual: 1})
}

func TestSeveralStreamsAllOrNone(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, groupcommit.To("a", groupcommit.NoStream, happened(1)))
		command := func(a, b, c groupcommit.Expect) groupcommit.Command {
			return groupcommit.Command{Streams: []groupcommit.StreamWrite{
				{Stream: "a", Expect: a, Events: []groupcommit.Event{happened(2), happened(3)}},
				{Stream: "b", Expect: b, Events: []groupcommit.Event{happened(4)}},
				{Stream: "c", Expect: c, Events: []groupcommit.Event{happened(5)}},
			}}
		}
		for _, c := range []struct {
			cmd  groupcommit.Command
			want groupcommit.ConflictError
		}{
			{command(groupcommit.NoStream, groupcommit.Any, groupcommit.Any), groupcommit.ConflictError{Stream: "a", Expected: groupcommit.NoStream, Actual: 1}},
			{command(groupcommit.Exact(1), groupcommit.Any, groupcommit.Exact(9)), groupcommit.ConflictError{Stream: "c", Expected: groupcommit.Exact(9)}},
			{command(groupcommit.Exact(1), groupcommit.Exact(8), groupcommit.Exact(9)), groupcommit.ConflictError{Stream: "b", Expected: groupcommit.Exact(8)}},
		} {
			_, err := store.Append(t.Context(), c.cmd)
			wantConflict(t, err, c.want)
		}
		if events := readAll(t, store); len(events) != 1 {
			t.Fatalf("%d events of commands that failed", len(events)-1)
		}

		result := mustAppend(t, store, command(groupcommit.Exact(1), groupcommit.NoStream, groupcommit.Any))
		if result.First != 2 || result.Last != 5 {
			t.Errorf("positions %d to %d", result.First, result.Last)
		}
		want := []groupcommit.StreamVersion{{Stream: "a", Version: 3}, {Stream: "b", Version: 1}, {Stream: "c", Version: 1}}
		if !slices.Equal(result.Versions, want) {
			t.Errorf("versions %v, want %v", result.Versions, want)
		}
		var order []string
		for _, event := range readAll(t, store) {
			order = append(order, fmt.Sprint(event.Stream, event.Version, "=", string(event.Data)))
		}
		if want := []string{"a1=1", "a2=2", "a3=3", "b1=4", "c1=5"}; !slices.Equal(order, want) {
			t.Errorf("the log is %v, want %v", order, want)
		}
	})
}

func TestGuard(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, write("guarded"))
		command := func(expect groupcommit.Expect) groupcommit.Command {
			return groupcommit.Command{Streams: []groupcommit.StreamWrite{
				{Stream: "guarded", Expect: expect},
				{Stream: "absent", Expect: groupcommit.NoStream},
				{Stream: "written", Events: []groupcommit.Event{happened(1)}},
			}}
		}
		result := mustAppend(t, store, command(groupcommit.Exact(1)))
		want := []groupcommit.StreamVersion{{Stream: "guarded", Version: 1}, {Stream: "absent"}, {Stream: "written", Version: 1}}
		if !slices.Equal(result.Versions, want) || result.First != 2 || result.Last != 2 {
			t.Errorf("got %+v", result)
		}
		_, err := store.Append(t.Context(), command(groupcommit.Exact(2)))
		wantConflict(t, err, groupcommit.ConflictError{Stream: "guarded", Expected: groupcommit.Exact(2), Actual: 1})

		mustAppend(t, store, write("absent"))
		_, err = store.Append(t.Context(), command(groupcommit.StreamExists))
		wantConflict(t, err, groupcommit.ConflictError{Stream: "absent", Expected: groupcommit.NoStream, Actual: 1})
		wantVersion(t, store, "guarded", 1)
		wantVersion(t, store, "written", 1)
	})
}

// Within a batch each command sees the ones before it, and no verdict rests on one that fails.
func TestChainInOneBatch(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		var commits commitLog
		store := open(t, patient(groupcommit.Config{Hooks: commits.hooks()}))
		futures := submitTogether(t, store,
			groupcommit.To("s", groupcommit.NoStream, happened(0)),
			groupcommit.To("s", groupcommit.NoStream, happened(1)), // conflicts with the first
			groupcommit.To("s", groupcommit.Exact(1), happened(2), happened(3)),
			groupcommit.To("s", groupcommit.Exact(2), happened(4)), // between two events of one command
			groupcommit.To("s", groupcommit.Exact(3), happened(5)),
		)
		for i, want := range map[int]int64{0: 1, 2: 3, 4: 4} {
			if result := mustResult(t, futures[i]); result.Version("s") != want {
				t.Errorf("command %d brings the stream to version %d, want %d", i, result.Version("s"), want)
			}
		}
		_, err := futures[1].Result()
		wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.NoStream, Actual: 1})
		_, err = futures[3].Result()
		wantConflict(t, err, groupcommit.ConflictError{Stream: "s", Expected: groupcommit.Exact(2), Actual: 3})
		if counts := commands(commits.take()); !slices.Equal(counts, []int{3}) {
			t.Errorf("commits of %v commands, want one of 3", counts)
		}
	})
}

// One goroutine that does not wait: its commands take effect in the order of its calls, whatever batches they fall into.
func TestOrderOfOneSubmitter(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{BatchCommands: 20, InFlight: 4})
		appendChain(t, store, "s", 2000)
	})
}

// The same while another process writes too, so that again and again what is in flight has to be judged anew.
func TestOrderOfOneSubmitterBesideAnother(t *testing.T) {
	config := groupcommit.Config{BatchCommands: 20, InFlight: 4, Schema: pgtest.Schema(t)}
	here, there := openPostgres(t, config), openPostgres(t, config)
	var wg sync.WaitGroup
	wg.Go(func() { appendChain(t, here, "a", 2000) })
	wg.Go(func() { appendChain(t, there, "b", 2000) })
	wg.Wait()
}

// appendChain submits commands each of which expects the one before, without waiting: none may conflict.
func appendChain(t *testing.T, store *groupcommit.Store, stream string, length int) {
	futures := make([]*groupcommit.Future, length)
	for i := range futures {
		futures[i] = store.Submit(t.Context(), groupcommit.To(stream, groupcommit.Exact(int64(i)), happened(i)))
	}
	last := int64(0)
	for i, future := range futures {
		result, err := future.Wait(t.Context())
		if err != nil || result.First <= last || result.Version(stream) != int64(i+1) {
			t.Errorf("command %d of %s, behind position %d: %+v, %v", i, stream, last, result, err)
			return
		}
		last = result.Last
	}
}

func TestFlush(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		flush(t, store) // nothing
		future := store.Submit(t.Context(), write("s"))
		wantPending(t, future)
		wantIs(t, store.Flush(ended(t)), errEnded)
		flush(t, store)
		mustResult(t, future)
		later := store.Submit(t.Context(), write("s"))
		wantPending(t, later) // the earlier Flush is not for it
		flush(t, store)
		mustResult(t, later)
	})
}

func TestFuture(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		future := store.Submit(t.Context(), write("s"))
		done := future.Done()
		select {
		case <-done:
			t.Error("done before the verdict")
		default:
		}
		wantPending(t, future)
		if _, err := future.Wait(ended(t)); notWaited(err) {
			t.Errorf("waiting ended with %v, want %v", err, errEnded)
		}
		wantPending(t, future)

		flush(t, store)
		<-done
		<-future.Done()
		want := mustResult(t, future)
		if got, err := future.Wait(ended(t)); err != nil || got.First != want.First { // the verdict wins
			t.Errorf("waited for %+v, %v; want %+v", got, err, want)
		}

		unasked := submitTogether(t, store, write("s"))[0]
		<-unasked.Done() // also when it is asked for late
		mustResult(t, unasked)
	})
}

func TestWaitAll(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		results, err := groupcommit.WaitAll(t.Context())
		if len(results) != 0 || err != nil {
			t.Errorf("of nothing: %v, %v", results, err)
		}
		results, err = groupcommit.WaitAll(t.Context(),
			store.Submit(t.Context(), write("a")),
			store.Submit(t.Context(), groupcommit.Command{}),
			store.Submit(t.Context(), write("b")),
			store.Submit(t.Context(), groupcommit.To("a", groupcommit.Exact(7), happened(1))),
		)
		if len(results) != 4 || results[0].Version("a") != 1 || results[2].Version("b") != 1 || results[1].Last != 0 || results[3].Last != 0 {
			t.Errorf("results %+v", results)
		}
		wantError[*groupcommit.InvalidError](t, err)
		wantConflict(t, err, groupcommit.ConflictError{Stream: "a", Expected: groupcommit.Exact(7), Actual: 1})
	})
}

// What Submit was given is the caller's again when it returns.
func TestSubmitCopies(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		cmd := groupcommit.To("s", groupcommit.NoStream, groupcommit.Event{Type: "E", Data: []byte(`"before"`), Metadata: []byte(`[1]`)})
		future := store.Submit(t.Context(), cmd)
		copy(cmd.Streams[0].Events[0].Data, `"after!"`)
		copy(cmd.Streams[0].Events[0].Metadata, `[2]`)
		cmd.Streams[0].Events[0] = groupcommit.Event{Type: "Other"}
		cmd.Streams[0] = groupcommit.StreamWrite{Stream: "other", Expect: groupcommit.StreamExists}
		flush(t, store)
		mustResult(t, future)
		event := readAll(t, store)[0]
		if event.Stream != "s" || event.Type != "E" || string(event.Data) != `"before"` || string(event.Metadata) != `[1]` {
			t.Errorf("recorded %+v", event)
		}
	})
}
