package conformance

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// appendAndReadBack takes commits of several sizes: a log may choose its way by size.
func appendAndReadBack(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var want []command.RecordedEvent
	for _, rows := range []int{1, 1, 2, 5, 6, 31, 32, 50, 1, 300} {
		stream := fmt.Sprintf("stream-%d", rows)
		step := chain.Append(Events(stream, rows))
		want = append(want, step.Events...)
		sameEvents(t, fmt.Sprintf("%d rows", rows), readAll(t, store, step.Commit.Parent.Position, all), step.Events)
		if end := look(t, store, committer.Query{}).End; end != step.Commit.End() {
			t.Fatalf("after %d rows the log ends at %v, want %v", rows, end, step.Commit.End())
		}
		if version := streamVersion(t, store, stream); version != chain.Version(stream) {
			t.Fatalf("after %d rows the stream is at version %d, want %d", rows, version, chain.Version(stream))
		}
	}
	sameEvents(t, "the whole log", readAll(t, store, 0, all), want)
}

func severalStreams(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	chain.Append(Events("b", 2))
	step := chain.Append(Events("a", 2), Events("b", 1), Events("a", 1), Events("c", 3), Events("b", 1))
	sameEvents(t, "the log", readAll(t, store, 2, all), step.Events)
	sameEvents(t, "stream a", readStream(t, store, "a", 0, all), eventsOf(step.Events, "a"))
	sameEvents(t, "stream b", readStream(t, store, "b", 2, all), eventsOf(step.Events, "b"))
	sameEvents(t, "stream c", readStream(t, store, "c", 0, all), eventsOf(step.Events, "c"))
}

func eventsOf(events []command.RecordedEvent, stream string) (own []command.RecordedEvent) {
	for i := range events {
		if events[i].Stream == stream {
			own = append(own, events[i])
		}
	}
	return own
}

func payloads(t *testing.T, open Open) {
	store := open(t)()
	var events []command.Event
	for _, payload := range []struct{ data, metadata string }{
		{`null`, `{}`},
		{`false`, ``},
		{`{}`, `{"correlation_id": "c-1", "user_id": "u-1"}`},
		{`[]`, `{"nested": {"list": [1, [2, [3]]]}}`},
		{`true`, `"text"`},
		{`"text"`, `[1, null, false]`},
		{`0`, `17`},
		{`{"b": 1, "a": {"c": [1, -2, 0.000001, 1.50]}}`, ``},
		{`[12345678901234567890123456789, 9007199254740993, 0.1]`, ``},
		{"\t{ \"spaced\" :\n[ 1 , 2 ] }\r\n", " {} "},
	} {
		events = append(events, command.Event{Type: "Payload", Data: []byte(payload.data), Metadata: []byte(payload.metadata)})
	}
	chain := NewChain(t, store)
	for i := range events {
		step := chain.Append(command.StreamWrite{Stream: "one by one", Events: events[i : i+1]})
		sameEvents(t, fmt.Sprintf("payload %d alone", i), readAll(t, store, step.Commit.Parent.Position, all), step.Events)
	}
	step := chain.Append(command.StreamWrite{Stream: "together", Events: events})
	sameEvents(t, "payloads together", readStream(t, store, "together", 0, all), step.Events)
}

func largePayload(t *testing.T, open Open) {
	store := open(t)()
	limits := command.Limits{}.WithDefaults()
	large := command.Event{
		Type:     "Large",
		Data:     largeString(limits.EventBytes),
		Metadata: largeString(limits.MetadataBytes),
	}
	chain := NewChain(t, store)
	alone := chain.Append(command.StreamWrite{Stream: "large", Events: []command.Event{large}})
	sameEvents(t, "alone", readAll(t, store, 0, all), alone.Events)
	write := command.StreamWrite{Stream: "large", Events: []command.Event{large, large}}
	among := chain.Append(Events("before", 10), write, Events("after", 10))
	sameEvents(t, "among others", readAll(t, store, 1, all), among.Events)
}

// largeString is a JSON string of so many bytes, without much that repeats itself.
func largeString(size int) []byte {
	data := []byte{'"'}
	for n := uint64(1); len(data) < size-1; n++ {
		data = fmt.Appendf(data, "%x", n*0x9E3779B97F4A7C15)
	}
	return append(data[:size-1], '"')
}

func bigBatch(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var writes []command.StreamWrite
	for i := range 1000 {
		writes = append(writes, Events(fmt.Sprintf("stream-%d", i), 1), Events("shared", 1))
	}
	step := chain.Next(writes...)
	step.WithIDs(uuid.New(), uuid.New())
	chain.Commit(step)
	sameEvents(t, "the log", readAll(t, store, 0, all), step.Events)
	if end := look(t, store, committer.Query{}).End; end.Position != 2000 || end != step.Commit.End() {
		t.Errorf("the log ends at %v, want %v", end, step.Commit.End())
	}
	if version := streamVersion(t, store, "shared"); version != 1000 {
		t.Errorf("the shared stream is at version %d, want 1000", version)
	}
}

func times(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	zone := time.FixedZone("far", -9*60*60-30*60)
	for _, at := range []time.Time{
		time.Date(2001, 2, 3, 4, 5, 6, 1000, time.UTC),
		time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, zone),
		time.Date(2024, 12, 31, 23, 59, 59, 123_456_000, time.Local),
		time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		step := chain.Next(Events("times", 1))
		step.Commit.Time, step.Events[0].RecordedAt = at, at
		step.WithIDs(uuid.New())
		chain.Commit(step)
		sameEvents(t, at.String(), readStream(t, store, "times", step.Events[0].Version-1, 1), step.Events)
		id := step.Commit.Records[0].ID
		snapshot := look(t, store, committer.Query{IDs: []uuid.UUID{id}})
		if !snapshot.EndTime.Equal(at) {
			t.Errorf("the log ends at the time %v, want %v", snapshot.EndTime, at)
		}
		if got := snapshot.Records[id].CommittedAt; !got.Equal(at) {
			t.Errorf("the command was committed at %v, want %v", got, at)
		}
	}
}

// memory overwrites whatever was handed in, and whatever was given out, and reads again.
func memory(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	id := uuid.New()
	metadata := command.Metadata{UserID: "u-1"}
	step := chain.Next(Events("memory", 1), command.StreamWrite{
		Stream: "memory",
		Events: []command.Event{command.JSON("Noted", "note").With(metadata)},
	}).WithIDs(id)
	encoded := make([][]byte, len(step.Commit.Rows))
	for i := range encoded {
		encoded[i] = bytes.Clone(step.Commit.Rows[i].Encoded)
	}
	chain.Commit(step)
	for i := range step.Commit.Rows {
		if !bytes.Equal(step.Commit.Rows[i].Encoded, encoded[i]) {
			t.Errorf("Append wrote to the encoding of row %d", i)
		}
		clear(step.Commit.Rows[i].Encoded)
	}
	clear(step.Commit.Records[0].Versions)

	for range 2 {
		events := readAll(t, store, 0, all)
		sameEvents(t, "the log", events, step.Events)
		own := readStream(t, store, "memory", 0, all)
		sameEvents(t, "the stream", own, step.Events)
		for _, event := range append(events, own...) {
			clear(event.Data)
			clear(event.Metadata)
		}
		record := look(t, store, committer.Query{IDs: []uuid.UUID{id}}).Records[id]
		if got := fmt.Sprint(record.Versions); got != "[1 2]" {
			t.Fatalf("the record has versions %s, want [1 2]", got)
		}
		clear(record.Versions)
	}
}

// encoding calls AppendRow from several goroutines while commits are appended.
func encoding(t *testing.T, open Open) {
	store := open(t)()
	event := command.JSON("Encoded", "once")
	event.ID = command.NewEventID()
	want := store.AppendRow(nil, "stream", event)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			prefix := []byte(strings.Repeat("p", worker))
			for range 100 {
				got := store.AppendRow(bytes.Clone(prefix), "stream", event)
				if !bytes.HasPrefix(got, prefix) || !bytes.Equal(got[worker:], want) {
					t.Errorf("behind %q the encoding is %q, want %q", prefix, got, want)
					return
				}
			}
		})
	}
	chain := NewChain(t, store)
	for range 20 {
		chain.Append(Events("meanwhile", 1))
	}
	wg.Wait()
}

// rows reads rows back, whole and cut.
func rows(t *testing.T, open Open) {
	store := open(t)()
	for _, event := range []command.Event{
		{Type: "t", Data: []byte(`{"a":1}`)},
		{Type: "täglich", Data: []byte(`"é"`), Metadata: []byte(`{"b":[]}`)},
		command.JSON("Encoded", strings.Repeat("long", 1000)).With(command.Metadata{UserID: "u"}),
	} {
		event.ID = command.NewEventID()
		row := store.AppendRow(nil, "stream", event)
		if got, err := store.ReadRow(row); err != nil || !reflect.DeepEqual(got, event) {
			t.Errorf("got %+v, %v; want %+v", got, err, event)
		}
		for n := range row {
			if got, err := store.ReadRow(row[:n:n]); err == nil {
				t.Errorf("%d bytes of %d were read as %+v", n, len(row), got)
			}
		}
	}
}

func successor(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	follows := make(map[int64]uuid.UUID)
	for _, rows := range []int{1, 3, 10} {
		step := chain.Append(Events("stream", rows))
		follows[step.Commit.Parent.Position] = step.Commit.ID
	}
	for position := range chain.End().Position + 2 {
		want, exists := follows[position]
		id, found, err := store.Successor(t.Context(), position)
		if err != nil || found != exists || id != want {
			t.Errorf("successor of position %d: %v, %t, %v; want %v, %t", position, id, found, err, want, exists)
		}
	}
}

func syncs(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	for range 2 {
		if err := store.Sync(t.Context()); err != nil {
			t.Fatalf("sync: %v", err)
		}
		step := chain.Append(Events("stream", 1))
		sameEvents(t, "the stream", readStream(t, store, "stream", step.Events[0].Version-1, all), step.Events)
	}
}
