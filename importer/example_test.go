package importer_test

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/importer"
)

// oldStore is a source of two events. Its cursors are their IDs.
type oldStore struct{}

func (oldStore) After(_ context.Context, cursor string) iter.Seq2[importer.Record, error] {
	return func(yield func(importer.Record, error) bool) {
		for version, id := range []string{"0197c1a0-0000-7000-8000-000000000001", "0197c1a0-0000-7000-8000-000000000002"} {
			event := groupcommit.Event{ID: uuid.MustParse(id), Type: "Deposited", Data: []byte(`{"amount":10}`)}
			at := time.Date(2025, 7, version+1, 12, 0, 0, 0, time.UTC)
			record := importer.Record{Cursor: id, Stream: "account-1", Version: int64(version + 1), Event: event, OccurredAt: at}
			if id > cursor && !yield(record, nil) {
				return
			}
		}
	}
}

func ExampleRun() {
	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		panic(err)
	}
	defer func() { _ = store.Close(ctx) }()

	report, err := importer.Run(ctx, store, oldStore{}, importer.Options{Name: "old store"})
	fmt.Println(report.Events, "events", err)
	for event, err := range store.ReadAll(ctx) {
		fmt.Println(event.Position, event.ID, string(event.Metadata), err)
	}
	// Output:
	// 2 events <nil>
	// 1 0197c1a0-0000-7000-8000-000000000001 {"timestamp":"2025-07-01T12:00:00Z"} <nil>
	// 2 0197c1a0-0000-7000-8000-000000000002 {"timestamp":"2025-07-02T12:00:00Z"} <nil>
}
