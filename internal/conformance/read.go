package conformance

import (
	"fmt"
	"math"
	"testing"

	"github.com/groupcommit/groupcommit/command"
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
