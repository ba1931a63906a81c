package command_test

import (
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
		"stream name":            func(c *command.Command) { c.Streams[0].Stream = "account-3" },
		"guard's name":           func(c *command.Command) { c.Streams[2].Stream = "customer-8" },
		"expectation":            func(c *command.Command) { c.Streams[0].Expect = command.Exact(4) },
		"expectation to any":     func(c *command.Command) { c.Streams[0].Expect = command.Any },
		"guard's expectation":    func(c *command.Command) { c.Streams[2].Expect = command.NoStream },
		"event type":             func(c *command.Command) { c.Streams[0].Events[0].Type = "withdrawn" },
		"event data":             func(c *command.Command) { c.Streams[0].Events[0].Data = []byte(`{"amount":6}`) },
		"spaces in data":         func(c *command.Command) { c.Streams[0].Events[0].Data = []byte(`{"amount": 5}`) },
		"no data":                func(c *command.Command) { c.Streams[1].Events[0].Data = nil },
		"metadata":               func(c *command.Command) { c.Streams[0].Events[0].Metadata = []byte(`{"user_id":"bob"}`) },
		"no metadata":            func(c *command.Command) { c.Streams[0].Events[0].Metadata = nil },
		"metadata added":         func(c *command.Command) { c.Streams[1].Events[0].Metadata = []byte(`{}`) },
		"event ID":               func(c *command.Command) { c.Streams[0].Events[1].ID = id(2) },
		"no event ID":            func(c *command.Command) { c.Streams[0].Events[1].ID = uuid.Nil },
		"event ID added":         func(c *command.Command) { c.Streams[1].Events[0].ID = id(2) },
		"order of events":        func(c *command.Command) { slices.Reverse(c.Streams[0].Events) },
		"order of streams":       func(c *command.Command) { slices.Reverse(c.Streams) },
		"one event fewer":        func(c *command.Command) { c.Streams[0].Events = c.Streams[0].Events[:1] },
		"one event more":         func(c *command.Command) { c.Streams[2].Events = c.Streams[1].Events },
		"guard left out":         func(c *command.Command) { c.Streams = c.Streams[:2] },
		"guard added":            func(c *command.Command) { c.Streams = append(c.Streams, command.StreamWrite{Stream: "x"}) },
		"event moved to another": func(c *command.Command) { c.Streams[0].Events, c.Streams[1].Events = c.Streams[1].Events, c.Streams[0].Events },
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
