package conformance

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

// dataTests are about data that is not JSON, which a log takes or not according to its type.
var dataTests = map[command.DataType]test{
	command.DataJSONB: {"no data is null", noDataIsNull},
	command.DataBytea: {"any bytes are data", anyBytes},
}

func noDataIsNull(t *testing.T, open Open) {
	appendData(t, open, slices.Repeat([][]byte{nil, {}}, 10), []byte("null"))
}

func anyBytes(t *testing.T, open Open) {
	each := make([]byte, 256)
	for i := range each {
		each[i] = byte(i)
	}
	large := make([]byte, command.Limits{}.WithDefaults().EventBytes)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large)
	appendData(t, open, [][]byte{
		nil, {}, {0}, {1}, {0xff}, each, large, make([]byte, 10_000),
		[]byte("\x00null"), []byte("\xff\xff\xff\xff"), []byte("\xed\xa0\x80"), []byte("PGCOPY\n\xff\r\n\x00"),
		[]byte("null"), []byte(` { "b": 1, "a": 2.0, "a" : 2 } `), []byte(`{"a":`), []byte(`"\u0000"`),
		[]byte(`\x00`), []byte(`\000`), []byte(`\\`), []byte(`\N`), []byte(`\.`), []byte("\n"), []byte("'"), []byte("é"),
	}, nil)
}

// appendData appends events with these data, in commits of their own and then together, and wants the very same bytes back. None is
// what no bytes come back as.
func appendData(t *testing.T, open Open, data [][]byte, none []byte) {
	store := open(t)()
	chain := NewChain(t, store)
	check := func(what string, step *Step) {
		t.Helper()
		for i := range step.Events {
			if len(step.Events[i].Data) == 0 {
				step.Events[i].Data = none
			}
		}
		events := readAll(t, store, step.Commit.Parent.Position, all)
		sameEvents(t, what, events, step.Events)
		for i := range events {
			if !bytes.Equal(events[i].Data, step.Events[i].Data) {
				t.Errorf("%s: event %d has the data %.200q, want %.200q", what, i, events[i].Data, step.Events[i].Data)
			}
		}
	}
	var events []command.Event
	for i := range data {
		event := command.Event{Type: "Data", Data: data[i]}
		with := event.With(command.Metadata{UserID: "u-1"})
		check(fmt.Sprintf("data %d", i), chain.Append(command.StreamWrite{Stream: "alone", Events: []command.Event{event}}))
		check(fmt.Sprintf("data %d with metadata", i), chain.Append(command.StreamWrite{Stream: "alone", Events: []command.Event{with}}))
		events = append(events, event, with)
	}
	check("all data", chain.Append(command.StreamWrite{Stream: "together", Events: events}))
}
