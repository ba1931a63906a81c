package conformance

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/reading"
)

func readAllPages(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var events []command.RecordedEvent
	for _, rows := range []int{1, 4, 5} {
		events = append(events, chain.Append(Events("a", rows-1), Events("b", 1)).Events...)
	}
	pages(t, events, func(after int64, limit int) []command.RecordedEvent { return readAll(t, store, after, limit) })
}

func readStreamPages(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var events []command.RecordedEvent
	for _, rows := range []int{1, 4, 5} {
		chain.Append(Events("before", 2))
		events = append(events, chain.Append(Events("stream", rows)).Events...)
	}
	pages(t, events, func(after int64, limit int) []command.RecordedEvent {
		return readStream(t, store, "stream", after, limit)
	})
	for _, after := range []int64{-1, 0, 1, math.MaxInt64} {
		if events := readStream(t, store, "missing", after, all); len(events) != 0 {
			t.Errorf("a stream that does not exist has %d events after %d", len(events), after)
		}
	}
	if version := streamVersion(t, store, "missing"); version != 0 {
		t.Errorf("a stream that does not exist is at version %d", version)
	}
}

// pages reads from every place among the events, and from some beyond, with every limit up to more than there are. The first
// event is number 1.
func pages(t *testing.T, events []command.RecordedEvent, read func(after int64, limit int) []command.RecordedEvent) {
	t.Helper()
	count := int64(len(events))
	for _, limit := range []int{0, 1, 2, len(events) - 1, len(events), len(events) + 1, all} {
		for after := int64(-2); after <= count+2; after++ {
			from := min(max(after, 0), count)
			to := min(from+int64(limit), count)
			sameEvents(t, fmt.Sprintf("after %d, limit %d", after, limit), read(after, limit), events[from:to])
		}
		sameEvents(t, fmt.Sprintf("far beyond the end, limit %d", limit), read(math.MaxInt64, limit), nil)
	}
}

// mixed appends events of several types to streams whose names are nearly the same, one commit after the other.
func mixed(t *testing.T, store Store) (events []command.RecordedEvent) {
	chain := NewChain(t, store)
	for i := range 12 {
		write := Events([]string{"a", "a%", "ab", "b"}[i%4], 1+i%3)
		for n := range write.Events {
			write.Events[n].Type = []string{"Opened", "Closed", "opened"}[(i+n)%3]
		}
		events = append(events, chain.Append(write).Events...)
	}
	return events
}

func readParts(t *testing.T, open Open) {
	store := open(t)()
	parts(t, store, "", mixed(t, store))
}

func readStreamParts(t *testing.T, open Open) {
	store := open(t)()
	events := slices.DeleteFunc(mixed(t, store), func(e command.RecordedEvent) bool { return e.Stream != "ab" })
	parts(t, store, "ab", events)
}

// parts reads with every kind of bound and filter, forward and backward. The first event is number 1.
func parts(t *testing.T, store Store, stream string, events []command.RecordedEvent) {
	t.Helper()
	last := int64(len(events))
	for _, backward := range []bool{false, true} {
		for _, types := range [][]string{nil, {"Opened"}, {"Closed", "opened"}, {"nothing"}} {
			for _, prefix := range []string{"", "a", "a%", "_"} {
				if stream != "" && prefix != "" {
					continue
				}
				for _, limit := range []int{1, 3, all} {
					s := reading.Selection{Stream: stream, After: last / 4, UpTo: last - 1, Backward: backward, Limit: limit, Types: types, Prefix: prefix}
					got, err := store.Read(t.Context(), s)
					if err != nil {
						t.Fatalf("%+v: %v", s, err)
					}
					sameEvents(t, fmt.Sprintf("%+v", s), got, selected(events, &s))
				}
			}
		}
	}
}

func selected(events []command.RecordedEvent, s *reading.Selection) (chosen []command.RecordedEvent) {
	for _, e := range events[s.After:s.UpTo] {
		if (len(s.Types) == 0 || slices.Contains(s.Types, e.Type)) && strings.HasPrefix(e.Stream, s.Prefix) {
			chosen = append(chosen, e)
		}
	}
	if s.Backward {
		slices.Reverse(chosen)
	}
	return chosen[:min(len(chosen), s.Limit)]
}

func tips(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	want := []uuid.UUID{chain.End().Commit} // who holds the positions from 0 on
	for _, rows := range []int{1, 3, 2} {
		chain.Append(Events("a", rows))
		want = append(want, slices.Repeat([]uuid.UUID{chain.End().Commit}, rows)...)
	}
	for position, id := range append(want, uuid.Nil, uuid.Nil) {
		end, holder, err := store.Tip(t.Context(), int64(position))
		if err != nil || end != (command.Checkpoint{Position: chain.End().Position, CommitID: chain.End().Commit}) || holder != id {
			t.Errorf("position %d: the log ends at %v, held by %s, %v; want %s", position, end, holder, err, id)
		}
	}
}

func positionsAt(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	at := func(when time.Time, want int64) {
		t.Helper()
		if got, err := store.PositionAt(t.Context(), when); err != nil || got != want {
			t.Errorf("at %v the log ended at %d, %v; want %d", when, got, err, want)
		}
	}
	at(time.Now().Add(time.Hour), 0)
	for n := range 9 {
		before := chain.End().Position
		step := chain.Append(Events("a", 1+n%3))
		at(step.Commit.Time, chain.End().Position)
		at(step.Commit.Time.Add(-time.Microsecond), before)
	}
	at(time.Time{}, 0)
}

// Who watches is told of what other handles append, however late; of its own a handle need not be told.
func watch(t *testing.T, open Open) {
	handle := open(t)
	watcher, chain := handle(), NewChain(t, handle())
	ctx, stop := context.WithCancel(t.Context())
	rung := make(chan struct{}, 1)
	var watching sync.WaitGroup
	watching.Go(func() {
		watcher.Watch(ctx, func() {
			select {
			case rung <- struct{}{}:
			default:
			}
		})
	})
	for told := false; !told; { // until the watch has begun
		chain.Append(Events("a", 1))
		if teller, ok := chain.log.(interface{ Appended() }); ok {
			teller.Appended()
		}
		select {
		case <-rung:
			told = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	watching.Wait()
}
