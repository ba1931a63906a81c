package importer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/importer"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

// list is a source whose cursors are the indexes of its records, from 1.
type list []importer.Record

func (l list) After(_ context.Context, cursor string) iter.Seq2[importer.Record, error] {
	after, _ := strconv.Atoi(cursor)
	return func(yield func(importer.Record, error) bool) {
		for _, record := range l[after:] {
			if !yield(record, nil) {
				return
			}
		}
	}
}

// history is so many events of seven streams, each of which comes back after others.
func history(events int) list {
	l := make(list, events)
	versions := map[string]int64{}
	for i := range l {
		stream := fmt.Sprintf("stream-%d", i*i%11)
		versions[stream]++
		l[i] = importer.Record{
			Cursor:     strconv.Itoa(i + 1),
			Stream:     stream,
			Version:    versions[stream],
			Event:      groupcommit.Event{ID: uuid.New(), Type: "Happened", Data: fmt.Appendf(nil, "%d", i), Metadata: []byte(`{"user_id":"ann"}`)},
			OccurredAt: time.Date(2025, 7, 1, 0, 0, i, 0, time.UTC),
		}
	}
	return l
}

func withoutVersions(l list) list {
	l = slices.Clone(l)
	for i := range l {
		l[i].Version = 0
	}
	return l
}

func inMemory(t *testing.T) *groupcommit.Store {
	t.Helper()
	return storetest.Opened(t)(groupcommit.OpenInMemory(groupcommit.Config{}))
}

// wantLog fails the test unless the log has exactly these events, in this order, with their IDs and times.
func wantLog(t *testing.T, store *groupcommit.Store, want list) {
	t.Helper()
	got := slices.Collect(events(t, store))
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i, event := range got {
		w := want[i]
		if event.ID != w.Event.ID || event.Stream != w.Stream || event.Version != w.Version || string(event.Data) != string(w.Event.Data) {
			t.Fatalf("at position %d stands %+v, want %+v", event.Position, event, w)
		}
		metadata, err := groupcommit.ParseMetadata(event.Metadata)
		if err != nil || !metadata.Timestamp.Equal(w.OccurredAt) || metadata.UserID != "ann" {
			t.Fatalf("metadata %s, %v", event.Metadata, err)
		}
	}
}

func events(t *testing.T, store *groupcommit.Store) iter.Seq[groupcommit.RecordedEvent] {
	return func(yield func(groupcommit.RecordedEvent) bool) {
		for event, err := range store.ReadAll(t.Context()) {
			if err != nil {
				t.Error(err)
				return
			}
			if !yield(event) {
				return
			}
		}
	}
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	if invalid, ok := errors.AsType[*importer.InvalidError](err); !ok || invalid.Field != field {
		t.Errorf("%v, want an error about %s", err, field)
	}
}
