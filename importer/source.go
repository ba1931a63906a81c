package importer

import (
	"context"
	"iter"
	"time"

	"github.com/groupcommit/groupcommit"
)

// Source is another store, or a file, that tells its events in order.
type Source interface {
	// After yields the events behind a cursor, "" being the start, always the same ones in the same order. An error is the last that it yields: an
	// *EventError where it is about one event. It keeps nothing of what it has yielded, nor changes it.
	After(ctx context.Context, cursor string) iter.Seq2[Record, error]
}

// Record is an event of a source.
type Record struct {
	// Cursor is the place of the event in its source: not empty, and different for each.
	Cursor string

	Stream string

	// Version of the event in its stream, from 1, or 0 where the source does not tell.
	Version int64

	// Event is appended as it is, with its ID. One without an ID is given a new one.
	Event groupcommit.Event

	// OccurredAt is when it happened. It becomes the key "timestamp" of the metadata, where groupcommit.ParseMetadata finds it, in place of one
	// that is there. The zero time leaves the metadata as it is.
	OccurredAt time.Time
}
