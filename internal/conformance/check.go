package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/reading"
)

// all is a limit that no test reaches.
const all = math.MaxInt32

func look(t *testing.T, store Store, query committer.Query) committer.Snapshot {
	t.Helper()
	snapshot, err := store.Look(t.Context(), query)
	if err != nil {
		t.Fatalf("look: %v", err)
	}
	return snapshot
}

func readAll(t *testing.T, store Store, after int64, limit int) []command.RecordedEvent {
	t.Helper()
	events, err := store.Read(t.Context(), behind("", after, limit))
	if err != nil {
		t.Fatalf("read after position %d, limit %d: %v", after, limit, err)
	}
	return events
}

func readStream(t *testing.T, store Store, stream string, after int64, limit int) []command.RecordedEvent {
	t.Helper()
	events, err := store.Read(t.Context(), behind(stream, after, limit))
	if err != nil {
		t.Fatalf("read stream %q after version %d, limit %d: %v", stream, after, limit, err)
	}
	return events
}

func streamVersion(t *testing.T, store Store, stream string) int64 {
	t.Helper()
	version, err := store.StreamVersion(t.Context(), stream)
	if err != nil {
		t.Fatalf("version of stream %q: %v", stream, err)
	}
	return version
}

// refused appends a step, which must fail with this class and leave no trace.
func refused(t *testing.T, store Store, step *Step, class committer.Class) *committer.Failure {
	t.Helper()
	return refusedAny(t, store, step, class)
}

func refusedAny(t *testing.T, store Store, step *Step, classes ...committer.Class) *committer.Failure {
	t.Helper()
	before := observe(t, store, step)
	failure := wantFailure(t, store.Append(t.Context(), step.Commit, nil), classes...)
	after := observe(t, store, step)
	if !reflect.DeepEqual(before, after) {
		t.Fatalf("a commit that was refused left a trace\nbefore: %s\nafter:  %s", before, after)
	}
	return failure
}

func wantFailure(t *testing.T, err error, classes ...committer.Class) *committer.Failure {
	t.Helper()
	failure, ok := errors.AsType[*committer.Failure](err)
	if !ok {
		t.Fatalf("got error %v (%T), want a *committer.Failure of class %v", err, err, classes)
	}
	if !slices.Contains(classes, failure.Class) {
		t.Fatalf("got a failure of class %q (%v), want %v", failure.Class, failure, classes)
	}
	if failure.Err == nil {
		t.Fatalf("a failure of class %q has no cause", failure.Class)
	}
	return failure
}

// observation is everything that a refused commit could have changed.
type observation struct {
	end       committer.Point
	endTime   time.Time
	successor uuid.UUID
	versions  []int64
	records   map[uuid.UUID]committer.Record
	events    []command.RecordedEvent
}

func observe(t *testing.T, store Store, step *Step) observation {
	t.Helper()
	var query committer.Query
	for i := range step.Commit.Rows {
		query.Streams = append(query.Streams, step.Commit.Rows[i].Stream)
	}
	for i := range step.Commit.Records {
		query.IDs = append(query.IDs, step.Commit.Records[i].ID)
	}
	slices.Sort(query.Streams)
	query.Streams = slices.Compact(query.Streams)
	slices.SortFunc(query.IDs, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	query.IDs = slices.Compact(query.IDs)

	snapshot := look(t, store, query)
	successor, _, err := store.Successor(t.Context(), step.Commit.Parent.Position)
	if err != nil {
		t.Fatalf("successor of position %d: %v", step.Commit.Parent.Position, err)
	}
	o := observation{
		end:       snapshot.End,
		endTime:   snapshot.EndTime.UTC(),
		successor: successor,
		versions:  snapshot.Versions,
		records:   make(map[uuid.UUID]committer.Record),
		events:    readAll(t, store, 0, all),
	}
	for id, record := range snapshot.Records {
		record.CommittedAt = record.CommittedAt.UTC()
		o.records[id] = record
	}
	for i := range o.events {
		o.events[i].RecordedAt = o.events[i].RecordedAt.UTC()
	}
	return o
}

func (o observation) String() string {
	return fmt.Sprintf("end %v at %v, successor %v, versions %v, records %v, %d events",
		o.end, o.endTime, o.successor, o.versions, o.records, len(o.events))
}

func sameEvents(t *testing.T, what string, got, want []command.RecordedEvent) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if difference := eventDifference(&got[i], &want[i]); difference != "" {
			t.Fatalf("%s: event %d of %d: %s", what, i, len(want), difference)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: got %d events, want %d", what, len(got), len(want))
	}
}

// eventDifference is the first field in which two events differ, or "".
func eventDifference(got, want *command.RecordedEvent) string {
	switch {
	case got.Position != want.Position:
		return fmt.Sprintf("position %d, want %d", got.Position, want.Position)
	case got.Stream != want.Stream:
		return fmt.Sprintf("stream %q, want %q", got.Stream, want.Stream)
	case got.Version != want.Version:
		return fmt.Sprintf("version %d, want %d", got.Version, want.Version)
	case got.ID != want.ID:
		return fmt.Sprintf("ID %s, want %s", got.ID, want.ID)
	case got.Type != want.Type:
		return fmt.Sprintf("type %q, want %q", got.Type, want.Type)
	case !bytes.Equal(got.Data, want.Data) && !sameJSON(got.Data, want.Data):
		return fmt.Sprintf("data %.200q, want %.200q", got.Data, want.Data)
	case (got.Metadata == nil) != (len(want.Metadata) == 0):
		return fmt.Sprintf("metadata %.200q (nil: %t), want %.200q", got.Metadata, got.Metadata == nil, want.Metadata)
	case got.Metadata != nil && !sameJSON(got.Metadata, want.Metadata):
		return fmt.Sprintf("metadata %.200q, want %.200q", got.Metadata, want.Metadata)
	case !got.RecordedAt.Equal(want.RecordedAt):
		return fmt.Sprintf("recorded at %v, want %v", got.RecordedAt, want.RecordedAt)
	default:
		return ""
	}
}

// sameJSON compares values; numbers digit by digit, which is more than a float64 keeps.
func sameJSON(a, b []byte) bool {
	x, errX := decodeJSON(a)
	y, errY := decodeJSON(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func decodeJSON(data []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// behind selects events of a stream, or of the log, with a number greater than after.
func behind(stream string, after int64, limit int) reading.Selection {
	return reading.Selection{Stream: stream, After: after, UpTo: math.MaxInt64, Limit: limit}
}
