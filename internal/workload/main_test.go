package workload

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func inMemory(t *testing.T) *groupcommit.Store {
	t.Helper()
	return storetest.Opened(t)(groupcommit.OpenInMemory(groupcommit.Config{}))
}

func mustAppend(t *testing.T, store Store, stream string, expect groupcommit.Expect, events ...groupcommit.Event) {
	t.Helper()
	if _, err := store.Append(t.Context(), groupcommit.To(stream, expect, events...)); err != nil {
		t.Fatal(err)
	}
}

func mustReadAll(t *testing.T, store *groupcommit.Store) []groupcommit.RecordedEvent {
	t.Helper()
	var events []groupcommit.RecordedEvent
	for event, err := range store.ReadAll(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// logOf is a log that holds these events.
func logOf(events []groupcommit.RecordedEvent) iter.Seq2[groupcommit.RecordedEvent, error] {
	return func(yield func(groupcommit.RecordedEvent, error) bool) {
		for event := range slices.Values(events) {
			if !yield(event, nil) {
				return
			}
		}
	}
}

// counting counts the events that are read through it.
type counting struct {
	Store
	read atomic.Int64
}

func (c *counting) ReadStream(ctx context.Context, stream string, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error] {
	return func(yield func(groupcommit.RecordedEvent, error) bool) {
		for event, err := range c.Store.ReadStream(ctx, stream, options...) {
			c.read.Add(1)
			if !yield(event, err) {
				return
			}
		}
	}
}
