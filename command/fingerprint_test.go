package command_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// transfer is built anew at each call, as by a client that tries again.
func transfer() command.Command {
	return command.Command{
		ID: id(9),
		Streams: []command.StreamWrite{
			{Stream: "account-1", Expect: command.Exact(3), Events: []command.Event{
				{Type: "Withdrawn", Data: []byte(`{"amount":5}`), Metadata: []byte(`{"user_id":"ann"}`)},
				{ID: id(1), Type: "Charged", Data: []byte(`{}`)},
			}},
			{Stream: "account-2", Events: []command.Event{{Type: "Deposited", Data: []byte(`{"amount":5}`)}}},
			{Stream: "customer-9", Expect: command.StreamExists},
		},
	}
}

func fingerprint(cmd command.Command) command.Fingerprint { return cmd.Fingerprint() }

func TestFingerprintOfARetry(t *testing.T) {
	first, again := fingerprint(transfer()), fingerprint(transfer())
	if first != again {
		t.Error("the command built again has another fingerprint")
	}
	if first == (command.Fingerprint{}) {
		t.Error("the fingerprint is zero")
	}
	retried := transfer()
	retried.ID = id(8)
	if fingerprint(retried) != first {
		t.Error("the command's own ID is part of its content")
	}
}

func TestFingerprintTellsChanges(t *testing.T) {
	seen := map[command.Fingerprint]string{fingerprint(transfer()): "nothing"}
	for name, change := range map[string]func(*command.Command){
		"stream name":         func(c *command.Command) { c.Streams[0].Stream = "account-3" },
		"guard's name":        func(c *command.Command) { c.Streams[2].Stream = "customer-8" },
		"expectation":         func(c *command.Command) { c.Streams[0].Expect = command.Exact(4) },
		"expectation to any":  func(c *command.Command) { c.Streams[0].Expect = command.Any },
		"guard's expectation": func(c *command.Command) { c.Streams[2].Expect = command.NoStream },
		"event type":          func(c *command.Command) { c.Streams[0].Events[0].Type = "withdrawn" },
		"event data":          func(c *command.Command) { c.Streams[0].Events[0].Data = []byte(`{"amount":6}`) },
		"spaces in data":      func(c *command.Command) { c.Streams[0].Events[0].Data = []byte(`{"amount": 5}`) },
		"no data":             func(c *command.Command) { c.Streams[1].Events[0].Data = nil },
		"metadata":            func(c *command.Command) { c.Streams[0].Events[0].Metadata = []byte(`{"user_id":"bob"}`) },
		"no metadata":         func(c *command.Command) { c.Streams[0].Events[0].Metadata = nil },
		"metadata added":      func(c *command.Command) { c.Streams[1].Events[0].Metadata = []byte(`{}`) },
		"event ID":            func(c *command.Command) { c.Streams[0].Events[1].ID = id(2) },
		"no event ID":         func(c *command.Command) { c.Streams[0].Events[1].ID = uuid.Nil },
		"event ID added":      func(c *command.Command) { c.Streams[1].Events[0].ID = id(2) },
		"order of events":     func(c *command.Command) { slices.Reverse(c.Streams[0].Events) },
		"order of streams":    func(c *command.Command) { slices.Reverse(c.Streams) },
		"one event fewer":     func(c *command.Command) { c.Streams[0].Events = c.Streams[0].Events[:1] },
		"one event more":      func(c *command.Command) { c.Streams[2].Events = c.Streams[1].Events },
		"guard left out":      func(c *command.Command) { c.Streams = c.Streams[:2] },
		"guard added":         func(c *command.Command) { c.Streams = append(c.Streams, command.StreamWrite{Stream: "x"}) },
		"event moved to another": func(c *command.Command) {
			c.Streams[0].Events, c.Streams[1].Events = c.Streams[1].Events, c.Streams[0].Events
		},
	} {
		cmd := transfer()
		change(&cmd)
		f := fingerprint(cmd)
		if other, twice := seen[f]; twice {
			t.Errorf("changing %q gives the fingerprint of changing %q", name, other)
		}
		seen[f] = name
	}
}

// The same bytes, cut elsewhere, are another command.
func TestFingerprintFrames(t *testing.T) {
	event := func(kind, data, metadata string) command.Event {
		return command.Event{Type: kind, Data: []byte(data), Metadata: []byte(metadata)}
	}
	seen := make(map[command.Fingerprint]int)
	for i, cmd := range []command.Command{
		command.To("ab", command.Any, event("c", "1", "2")),
		command.To("a", command.Any, event("bc", "1", "2")),
		command.To("ab", command.Any, event("c", "12", "")),
		command.To("ab", command.Any, event("c", "", "12")),
		command.To("ab", command.Any, event("c1", "", "2")),
		command.To("abc", command.Any, event("", "1", "2")),
		command.To("ab", command.Any, event("c", "1", "2"), event("", "", "")),
		command.To("ab", command.Any, event("", "", ""), event("c", "1", "2")),
		{Streams: []command.StreamWrite{{Stream: "ab"}, {Stream: "", Events: []command.Event{event("c", "1", "2")}}}},
		{Streams: []command.StreamWrite{{Stream: "a"}, {Stream: "b", Events: []command.Event{event("c", "1", "2")}}}},
		{Streams: []command.StreamWrite{{Stream: "ab", Events: []command.Event{event("c", "1", "2")}}, {}}},
		{Streams: []command.StreamWrite{{}, {Stream: "ab", Events: []command.Event{event("c", "1", "2")}}}},
		{Streams: []command.StreamWrite{{Stream: "a", Events: []command.Event{event("c", "1", "")}}, {Stream: "b", Events: []command.Event{event("", "", "2")}}}},
	} {
		f := fingerprint(cmd)
		if other, twice := seen[f]; twice {
			t.Errorf("commands %d and %d have one fingerprint", other, i)
		}
		seen[f] = i
	}
}

// The number of events is framed too: without it, a stream could be taken for an event of the stream before it.
func TestFingerprintFramesEvents(t *testing.T) {
	a := command.StreamWrite{Stream: "a"}
	b := disguised("stream number b.", happened)
	c := disguised("stream number c.", happened)
	one := command.Command{Streams: []command.StreamWrite{a, c}}
	one.Streams[0].Events = []command.Event{asEvent(b)}
	other := command.Command{Streams: []command.StreamWrite{a, b}}
	other.Streams[1].Events = []command.Event{happened, asEvent(c)}
	if fingerprint(one) == fingerprint(other) {
		t.Error("two commands have one fingerprint")
	}
}

// disguised is a stream of one event that, but for the number of events, is made of the same bytes as an event: asEvent.
func disguised(name string, event command.Event) command.StreamWrite {
	return command.StreamWrite{Stream: name, Expect: command.Exact(int64(len(framed(event)))), Events: []command.Event{event}}
}

func asEvent(s command.StreamWrite) command.Event {
	event := s.Events[0]
	return command.Event{ID: uuid.UUID([]byte(s.Stream)), Type: framed(event), Data: event.Data, Metadata: event.Metadata}
}

// framed is the ID and the type of an event, each behind its length.
func framed(e command.Event) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(len(e.ID)))
	b = append(b, e.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(e.Type)))
	return string(append(b, e.Type...))
}
