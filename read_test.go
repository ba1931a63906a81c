package groupcommit_test

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// page is how many events a read fetches at once. The tests go around its borders.
const page = 200

// collect gives what number returns of each event that is read.
func collect(t *testing.T, events iter.Seq2[groupcommit.RecordedEvent, error], number func(*groupcommit.RecordedEvent) int64) (numbers []int64) {
	t.Helper()
	for event, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, number(&event))
	}
	return numbers
}

func position(e *groupcommit.RecordedEvent) int64 { return e.Position }
func version(e *groupcommit.RecordedEvent) int64  { return e.Version }

// upTo is the numbers after one up to another.
func upTo(after, last int64) (numbers []int64) {
	for n := range max(last-after, 0) {
		numbers = append(numbers, after+1+n)
	}
	return numbers
}

func TestReadOverPages(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		lengths := []int64{1, page - 1, page, page + 1, 2 * page, 2*page + 1}
		total := int64(0)
		for _, n := range lengths {
			events := slices.Repeat([]groupcommit.Event{happened(0)}, int(n))
			mustAppend(t, store, groupcommit.To(fmt.Sprint("s", n), groupcommit.NoStream, events...))
			total += n
		}
		for _, n := range append(lengths, 0) {
			for _, after := range []int64{0, 1, page - 1, page, page + 1, n - 1, n, n + 1, math.MaxInt64} {
				for _, limit := range []int{0, 1, page - 1, page, page + 1, 2 * page, int(n), math.MaxInt} {
					after = max(after, 0)
					options := []groupcommit.ReadOption{groupcommit.After(after), groupcommit.Limit(limit)}
					want := upTo(after, n)
					want = want[:min(limit, len(want))]
					got := collect(t, store.ReadStream(t.Context(), fmt.Sprint("s", n), options...), version)
					if !slices.Equal(got, want) {
						t.Errorf("%d events, after %d, limit %d: got %v", n, after, limit, got)
					}
				}
			}
		}
		for _, after := range []int64{0, 1, page, total - page - 1, total - page, total - 1, total, total + 1, math.MaxInt64} {
			for _, limit := range []int{0, 1, page - 1, page, page + 1, math.MaxInt} {
				want := upTo(after, total)
				want = want[:min(limit, len(want))]
				got := collect(t, store.ReadAll(t.Context(), groupcommit.After(after), groupcommit.Limit(limit)), position)
				if !slices.Equal(got, want) {
					t.Errorf("the log, after %d, limit %d: got %v", after, limit, got)
				}
			}
		}
	})
}

// Behind the end there is nothing, nor within a limit of nothing.
func TestReadOutsideTheRange(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, groupcommit.To("s", groupcommit.NoStream, happened(1), happened(2)))
		for name, option := range map[string]groupcommit.ReadOption{
			"after the last": groupcommit.After(2), "after the highest": groupcommit.After(math.MaxInt64), "limit 0": groupcommit.Limit(0),
		} {
			for _, events := range []eventSequence{
				store.ReadStream(t.Context(), "s", option), store.ReadAll(t.Context(), option), store.ReadStreams(t.Context(), []string{"s"}, option),
			} {
				if got := collect(t, events, version); len(got) != 0 {
					t.Errorf("%s: %v", name, got)
				}
			}
		}
	})
}

// A sequence can be left early, and ranged over again: it then reads again.
func TestReadAgain(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{MaxConnections: 1})
		mustAppend(t, store, groupcommit.To("s", groupcommit.NoStream, slices.Repeat([]groupcommit.Event{happened(0)}, page+1)...))
		events, merged := store.ReadStream(t.Context(), "s"), store.ReadStreams(t.Context(), []string{"s"})
		for range 3 { // with one connection: whoever kept it would stop the next
			for event, err := range events {
				if err != nil {
					t.Fatal(err)
				}
				if event.Version == 3 {
					break
				}
			}
		}
		collect(t, merged, version)
		mustAppend(t, store, write("s"))
		for _, again := range []eventSequence{events, merged} {
			if got := collect(t, again, version); !slices.Equal(got, upTo(0, page+2)) {
				t.Errorf("got %v", got)
			}
		}
	})
}

// Between two pages nothing is held, so the body of the loop may read and write as it likes.
func TestReadInsideARead(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{MaxConnections: 1})
		mustAppend(t, store, groupcommit.To("s", groupcommit.NoStream, happened(1), happened(2)))
		for event, err := range store.ReadStream(t.Context(), "s", groupcommit.Limit(2)) {
			if err != nil {
				t.Fatal(err)
			}
			wantVersion(t, store, "s", event.Version+1)
			mustAppend(t, store, write("s"))
		}
	})
}

// Several streams are read as they were when the read began, whatever is appended before their turn comes.
func TestReadStreamsAsOneMomentHadThem(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for _, options := range [][]groupcommit.ReadOption{nil, {groupcommit.Grouped()}, {groupcommit.Backward()}} {
			store := open(t, groupcommit.Config{MaxConnections: 1})
			for _, stream := range []string{"a", "b"} {
				mustAppend(t, store, groupcommit.To(stream, groupcommit.NoStream, slices.Repeat([]groupcommit.Event{happened(0)}, page)...))
			}
			var got []int64
			for event, err := range store.ReadStreams(t.Context(), []string{"a", "b", "missing"}, options...) {
				if err != nil {
					t.Fatal(err)
				}
				if got = append(got, event.Position); len(got) == 1 {
					mustAppend(t, store, write("b"))
					mustAppend(t, store, write("missing"))
				}
			}
			if slices.Sort(got); !slices.Equal(got, upTo(0, 2*page)) {
				t.Errorf("got %v", got)
			}
		}
	})
}

func TestReadWithEndedContext(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{})
		mustAppend(t, store, write("s"))
		for _, events := range []iter.Seq2[groupcommit.RecordedEvent, error]{store.ReadStream(ended(t), "s"), store.ReadAll(ended(t))} {
			steps := 0
			for event, err := range events {
				steps++
				if err == nil || event.Position != 0 {
					t.Errorf("got %+v, %v; want an error", event, err)
				}
			}
			if steps != 1 {
				t.Errorf("%d steps, want the one that tells the error", steps)
			}
		}
		if _, err := store.StreamVersion(ended(t), "s"); err == nil {
			t.Error("StreamVersion does not heed its context")
		}
	})
}

// A reader among writers sees every event once, in order, and nothing that is not committed.
func TestReadAmongWriters(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{BatchCommands: 20})
		const commands, events = 500, 3
		cmd := groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(0)}, events)...)
		futures := make([]*groupcommit.Future, commands)
		for i := range futures {
			futures[i] = store.Submit(t.Context(), cmd)
		}
		for seen := int64(0); seen < commands*events; {
			before := seen
			for event, err := range store.ReadAll(t.Context(), groupcommit.After(seen)) {
				if err != nil {
					t.Fatal(err)
				}
				if event.Position != seen+1 || event.Version != seen+1 {
					t.Fatalf("position %d, version %d after %d", event.Position, event.Version, seen)
				}
				seen = event.Position
			}
			if seen > before {
				if _, err := futures[(seen-1)/events].Wait(t.Context()); err != nil {
					t.Errorf("position %d was seen, and then: %v", seen, err)
				}
			}
		}
		if _, err := groupcommit.WaitAll(t.Context(), futures...); err != nil {
			t.Error(err)
		}
	})
}

func TestStreamVersion(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		wantVersion(t, store, "s", 0)
		future := store.Submit(t.Context(), groupcommit.To("s", groupcommit.NoStream, happened(1), happened(2)))
		wantVersion(t, store, "s", 0) // not yet committed
		flush(t, store)
		mustResult(t, future)
		wantVersion(t, store, "s", 2)
		wantVersion(t, store, "S", 0)
	})
}
