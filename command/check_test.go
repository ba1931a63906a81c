package command_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

func TestCheckAccepts(t *testing.T) {
	named := func(id uuid.UUID) command.Event {
		e := happened
		e.ID = id
		return e
	}
	for name, cmd := range map[string]command.Command{
		"one event":                  command.To("stream", command.Any, happened),
		"no data":                    command.To("stream", command.Any, command.Event{Type: "Happened"}),
		"empty data":                 command.To("stream", command.Any, command.Event{Type: "Happened", Data: []byte{}, Metadata: []byte{}}),
		"metadata":                   command.To("stream", command.Any, happened.With(command.Metadata{UserID: "u"})),
		"no stream expected":         command.To("stream", command.NoStream, happened),
		"a stream expected":          command.To("stream", command.StreamExists, happened),
		"the highest version":        command.To("stream", command.Exact(1<<63-1), happened),
		"version 0":                  command.To("stream", command.Exact(0), happened),
		"a command ID":               {ID: id(1), Streams: []command.StreamWrite{{Stream: "stream", Events: []command.Event{happened}}}},
		"a guard":                    {Streams: []command.StreamWrite{{Stream: "a", Expect: command.Exact(3)}, {Stream: "b", Events: []command.Event{happened}}}},
		"event IDs that differ":      command.To("stream", command.Any, named(id(1)), named(id(2))),
		"event IDs yet to be made":   command.To("stream", command.Any, happened, happened, named(id(1))),
		"255 bytes of names":         command.To(strings.Repeat("s", 255), command.Any, command.Event{Type: strings.Repeat("é", 127)}),
		"names of odd characters":    command.To("a\nb\t\"'\\\x01\u2028 \U0001F600", command.Any, command.Event{Type: "\x7f"}),
		"names that differ in case":  {Streams: []command.StreamWrite{{Stream: "a", Events: []command.Event{happened}}, {Stream: "A"}}},
		"names that differ in space": {Streams: []command.StreamWrite{{Stream: "a", Events: []command.Event{happened}}, {Stream: "a "}}},
	} {
		if err := check(cmd); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	to := func(stream string, expect command.Expect, events ...command.Event) []command.StreamWrite {
		return []command.StreamWrite{{Stream: stream, Expect: expect, Events: events}}
	}
	event := func(change func(*command.Event)) command.Event {
		e := happened
		change(&e)
		return e
	}
	named := event(func(e *command.Event) { e.ID = id(1) })

	for _, c := range []struct {
		name    string
		streams []command.StreamWrite
		field   string
		reason  string // a part of it
	}{
		{"no stream", nil, "Streams", "at least one stream"},
		{"no event", to("stream", command.Any), "Streams", "at least one event"},
		{"only guards", append(to("a", command.NoStream), to("b", command.Any)...), "Streams", "at least one event"},

		{"stream without a name", to("", command.Any, happened), "Streams[0].Stream", "empty"},
		{"stream of bad UTF-8", to("a\xff", command.Any, happened), "Streams[0].Stream", "UTF-8"},
		{"stream of half a character", to("é"[:1], command.Any, happened), "Streams[0].Stream", "UTF-8"},
		{"stream with a surrogate", to("\xed\xa0\x80", command.Any, happened), "Streams[0].Stream", "UTF-8"},
		{"stream with a NUL", to("a\x00b", command.Any, happened), "Streams[0].Stream", "NUL"},
		{"guard without a name", append(to("a", command.Any, happened), to("", command.NoStream)...), "Streams[1].Stream", "empty"},

		{"event without a type", to("stream", command.Any, command.Event{}), "Streams[0].Events[0].Type", "empty"},
		{"type of bad UTF-8", to("stream", command.Any, event(func(e *command.Event) { e.Type = "\x80" })), "Streams[0].Events[0].Type", "UTF-8"},
		{"type with a NUL", to("stream", command.Any, event(func(e *command.Event) { e.Type = "\x00" })), "Streams[0].Events[0].Type", "NUL"},

		{"negative version", to("stream", command.Exact(-1), happened), "Streams[0].Expect", "0 or more"},
		{"lowest version", to("stream", command.Exact(-1<<63), happened), "Streams[0].Expect", "0 or more"},
		{"version -3 by hand", to("stream", -3, happened), "Streams[0].Expect", "0 or more"},

		{"data that is no JSON", to("stream", command.Any, event(func(e *command.Event) { e.Data = []byte("{") })), "Streams[0].Events[0].Data", "JSON"},
		{"metadata that is no JSON", to("stream", command.Any, event(func(e *command.Event) { e.Metadata = []byte("{") })), "Streams[0].Events[0].Metadata", "JSON"},

		{"stream listed twice", append(to("a", command.Any, happened), to("a", command.Any, happened)...), "Streams[1].Stream", `"a" is listed twice`},
		{"stream listed as a guard too", append(append(to("a", command.Exact(1)), to("b", command.Any)...), to("a", command.Any, happened)...), "Streams[2].Stream", `"a" is listed twice`},
		{"event ID used twice in a stream", to("a", command.Any, named, happened, named), "Streams[0].Events[2].ID", named.ID.String()},
		{"event ID used twice across streams", append(to("a", command.Any, named), to("b", command.Any, named)...), "Streams[1].Events[0].ID", named.ID.String()},
	} {
		t.Run(c.name, func(t *testing.T) {
			invalid := wantInvalid(t, check(command.Command{Streams: c.streams}), c.field)
			if !strings.Contains(invalid.Reason, c.reason) {
				t.Errorf("reason %q, want it to say %q", invalid.Reason, c.reason)
			}
			if invalid.Limit != 0 {
				t.Errorf("limit %d, where none was exceeded", invalid.Limit)
			}
		})
	}
}

// Duplicates are found however many others there are, before and between.
func TestCheckFindsDuplicates(t *testing.T) {
	const n = 20
	for again := range n {
		for first := range again {
			var cmd command.Command
			for i := range n {
				cmd.Streams = append(cmd.Streams, command.StreamWrite{Stream: fmt.Sprint(i), Events: []command.Event{{ID: id(byte(i + 1)), Type: "E"}}})
			}
			cmd.Streams[again].Events[0].ID = cmd.Streams[first].Events[0].ID
			wantInvalid(t, check(cmd), fmt.Sprintf("Streams[%d].Events[0].ID", again))
			cmd.Streams[again].Stream = cmd.Streams[first].Stream
			wantInvalid(t, check(cmd), fmt.Sprintf("Streams[%d].Stream", again))
		}
	}
}

// The field names the place, and of several faults it is the first.
func TestCheckNamesThePlace(t *testing.T) {
	bad := command.Event{Type: "Happened", Data: []byte("nope")}
	cmd := command.Command{Streams: []command.StreamWrite{
		{Stream: "a", Events: []command.Event{happened}},
		{Stream: "guard"},
		{Stream: "b", Events: []command.Event{happened, happened, bad}},
		{Stream: "", Events: []command.Event{bad}},
	}}
	err := check(cmd)
	wantInvalid(t, err, "Streams[2].Events[2].Data")
	if text := err.Error(); !strings.Contains(text, "Streams[2].Events[2].Data") || strings.Contains(text, "nope") {
		t.Errorf("the text %q names no place, or tells the data", text)
	}
}

// Each limit is inclusive, and the error tells its number.
func TestCheckLimits(t *testing.T) {
	const limit = 40
	text := func(bytes int) []byte { return []byte(`"` + strings.Repeat("x", bytes-2) + `"`) }
	event := command.Event{Type: "E"}

	for _, c := range []struct {
		name   string
		limits command.Limits
		make   func(size int) command.Command
		field  string
		unit   string
	}{
		{"data", command.Limits{EventBytes: limit}, func(n int) command.Command {
			return command.To("s", command.Any, event, command.Event{Type: "E", Data: text(n)})
		}, "Streams[0].Events[1].Data", "bytes"},
		{"metadata", command.Limits{MetadataBytes: limit}, func(n int) command.Command {
			return command.To("s", command.Any, event, command.Event{Type: "E", Metadata: text(n)})
		}, "Streams[0].Events[1].Metadata", "bytes"},
		{"stream name", command.Limits{NameBytes: limit}, func(n int) command.Command {
			return command.To(strings.Repeat("s", n), command.Any, event)
		}, "Streams[0].Stream", "bytes in a name"},
		{"event type", command.Limits{NameBytes: limit}, func(n int) command.Command {
			return command.To("s", command.Any, command.Event{Type: strings.Repeat("t", n)})
		}, "Streams[0].Events[0].Type", "bytes in a name"},
		{"events", command.Limits{CommandEvents: limit}, func(n int) command.Command {
			return command.Command{Streams: []command.StreamWrite{
				{Stream: "a", Events: repeat(n/2, event)},
				{Stream: "b", Events: repeat(n-n/2, event)},
			}}
		}, "Streams", "events in a command"},
		{"streams", command.Limits{CommandStreams: limit}, func(n int) command.Command {
			cmd := command.To("s", command.Any, event)
			for i := range n - 1 {
				cmd.Streams = append(cmd.Streams, command.StreamWrite{Stream: fmt.Sprint(i)})
			}
			return cmd
		}, "Streams", "streams in a command"},
		{"command", command.Limits{CommandBytes: limit}, func(n int) command.Command {
			names := len("s") + len("guard") + len("E") + len("{}") + len("E")
			return command.Command{Streams: []command.StreamWrite{
				{Stream: "s", Events: []command.Event{{Type: "E", Metadata: []byte("{}")}, {Type: "E", Data: text(n - names)}}},
				{Stream: "guard"},
			}}
		}, "Streams", "bytes in a command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := c.limits.WithDefaults()
			fits, exceeds := c.make(limit), c.make(limit+1)
			if err := fits.Check(&limits); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			invalid := wantInvalid(t, exceeds.Check(&limits), c.field)
			if invalid.Limit != limit {
				t.Errorf("limit %d, want %d", invalid.Limit, limit)
			}
			if want := fmt.Sprintf("%d %s, at most %d", limit+1, c.unit, limit); !strings.Contains(invalid.Reason, want) {
				t.Errorf("reason %q, want it to say %q", invalid.Reason, want)
			}
		})
	}
}

func TestSkipJSONCheck(t *testing.T) {
	limits := command.Limits{SkipJSONCheck: true, EventBytes: 10}.WithDefaults()
	trusted := command.To("s", command.Any, command.Event{Type: "E", Data: []byte("{"), Metadata: []byte("\xff")})
	if err := trusted.Check(&limits); err != nil {
		t.Errorf("not JSON: %v", err)
	}
	large := command.To("s", command.Any, command.Event{Type: "E", Data: repeat(11, byte('1'))})
	wantInvalid(t, large.Check(&limits), "Streams[0].Events[0].Data")
	nameless := command.To("s\xff", command.Any, command.Event{Type: "E"})
	wantInvalid(t, nameless.Check(&limits), "Streams[0].Stream")
}

func TestAnyData(t *testing.T) {
	limits := command.Limits{AnyData: true, EventBytes: 10}.WithDefaults()
	event := func(data, metadata string) command.Command {
		return command.To("s", command.Any, command.Event{Type: "E", Data: []byte(data), Metadata: []byte(metadata)})
	}
	for _, data := range []string{"", "{", "\x00", "\xff\xfe", `"\ud83d"`, strings.Repeat("[", 10)} {
		cmd := event(data, `{"user_id":"ann"}`)
		if err := cmd.Check(&limits); err != nil {
			t.Errorf("data %q: %v", data, err)
		}
	}
	large := event(strings.Repeat("\x00", 11), "")
	wantInvalid(t, large.Check(&limits), "Streams[0].Events[0].Data")
	notJSON := event("{", "{")
	wantInvalid(t, notJSON.Check(&limits), "Streams[0].Events[0].Metadata")
	limits.SkipJSONCheck = true
	if err := notJSON.Check(&limits); err != nil {
		t.Errorf("metadata that is trusted: %v", err)
	}
}

func TestCheckChangesNothing(t *testing.T) {
	event := func(n byte) command.Event { return command.Event{ID: id(n), Type: "E"} }
	cmd := command.Command{Streams: []command.StreamWrite{
		{Stream: "b", Events: []command.Event{event(3), event(1)}},
		{Stream: "a", Events: []command.Event{event(2)}},
	}}
	before := cmd.Fingerprint()
	if err := check(cmd); err != nil {
		t.Fatal(err)
	}
	if cmd.Fingerprint() != before || cmd.Streams[0].Stream != "b" {
		t.Error("Check has changed the command")
	}
}
