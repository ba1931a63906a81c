package groupcommit_test

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// oddPayloads are accepted, odd as they are.
var oddPayloads = []string{
	``, `null`, `true`, `false`, `0`, `-0`, `-0.0`, `""`, `"text"`, `[]`, `{}`, " \n\t\r[ 1 ,\n2 ] ",
	`{"b":1,"a":2,"a":{"a":3}}`, `{"a":1,"a":null}`, `{"":""}`, `{"\u0061":1,"a":2}`,

	`1e1000`, `-1e1000`, `1e-1000`, `-1e-1000`, `1E+5`, `1.10`, `0.10e1`, `0e1000`, `123456789012345678901234567890.123456789`,
	strings.Repeat("9", 1000), `0.` + strings.Repeat("9", 998), strings.Repeat("9", 995) + `e1000`, `0.` + strings.Repeat("9", 992) + `e-1000`,

	strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000),
	strings.Repeat(`[{"a":`, 500) + `"deep"` + strings.Repeat("}]", 500),
	`[` + strings.Repeat(`0,`, 10_000) + `0]`,
	`"` + strings.Repeat("x", 1<<20-2) + `"`,
	`{"` + strings.Repeat("k", 60_000) + `":1}`,

	`"\u0001\u001f\u007f\u0080"`, `"\"\\\/\b\f\n\r\t"`, `"\\u0000"`, `"\\\\u0000"`, `{"\\u0000":"\\ud800"}`, `"\\N"`, `"\\."`, `"'; DROP TABLE events; --"`,
	`"\ud83d\ude00\uD800\uDC00\uDBFF\uDFFF"`, `"\uFFFF\uFFFE\uFEFF\uD7FF\uE000"`, `"\u2028\u2029"`,
	"\"\U0001F600\U0010FFFF\"", "\"\u2028\u2029\u0085\u00a0\"", "\"\u0301\u202e\ufeff\uffff\"", "\"\x7f\"", `"$1 %s {} <script>&amp;"`,
}

// oddNames are accepted as names of streams and of events.
var oddNames = []string{
	`a`, ` `, ` a `, `A`, `"`, `""`, `'`, `''`, `\`, `\\`, `\N`, `\.`, `NULL`, `null`, `{}`, `{a,b}`, `{"`, `,`, `(`, `$1`, `%`, `%s`, `_`, `*`, `a/b`, `../a`, `;--`,
	"\x01", "\x1f", "\x7f", "\n", "\r\n", "\t", "a\nCOPY events, line 1", "\u0085", "\u00a0", "\u2028", "\u202e", "\ufeff", "\uffff", "\U0001F600", "\U0010FFFF",
	"é", "e\u0301", // which look the same and are two names
	strings.Repeat("s", 255), strings.Repeat("é", 127), strings.Repeat("\U0001F600", 63), strings.Repeat("\\", 255),
}

// Whatever passes the checks, the database takes, and gives back equal.
func TestOddPayloadsComeBack(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{MaxMetadataBytes: 1 << 20}))
		events := make([]groupcommit.Event, len(oddPayloads))
		for i, payload := range oddPayloads {
			events[i] = groupcommit.Event{Type: "Odd", Data: []byte(payload), Metadata: []byte(payload)}
		}
		result := mustResult(t, submitTogether(t, store, groupcommit.To("s", groupcommit.NoStream, events...))[0])
		if result.Version("s") != int64(len(events)) {
			t.Fatalf("version %d after %d events", result.Version("s"), len(events))
		}
		for i, event := range readAll(t, store) {
			if oddPayloads[i] == "" {
				if string(event.Data) != "null" || event.Metadata != nil {
					t.Errorf("nothing came back as data %q and metadata %q", event.Data, event.Metadata)
				}
				continue
			}
			wantJSON(t, event.Data, []byte(oddPayloads[i]))
			wantJSON(t, event.Metadata, []byte(oddPayloads[i]))
		}
	})
}

func TestOddNamesComeBack(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, patient(groupcommit.Config{}))
		var cmds []groupcommit.Command
		for _, name := range oddNames {
			event := groupcommit.Event{Type: name}
			cmds = append(cmds,
				groupcommit.To(name, groupcommit.NoStream, event),
				groupcommit.To(name, groupcommit.Exact(1), event),
			)
		}
		for i, future := range submitTogether(t, store, cmds...) {
			if result, err := future.Result(); err != nil || result.Versions[0].Version != int64(i%2+1) {
				t.Errorf("name %q: %+v, %v", oddNames[i/2], result, err)
			}
		}
		for i, event := range readAll(t, store) {
			if name := oddNames[i/2]; event.Stream != name || event.Type != name {
				t.Errorf("name %q came back as %q, of type %q", name, event.Stream, event.Type)
			}
		}
		for _, name := range oddNames {
			wantVersion(t, store, name, 2)
			version := int64(0)
			for event, err := range store.ReadStream(t.Context(), name) {
				if err != nil {
					t.Fatal(err)
				}
				version = event.Version
			}
			if version != 2 {
				t.Errorf("name %q: the stream ends at version %d", name, version)
			}
		}
	})
}

// A store that has not seen the names asks the database for them.
func TestOddNamesAreFound(t *testing.T) {
	schema := pgtest.Schema(t)
	writer := openPostgres(t, patient(groupcommit.Config{Schema: schema}))
	reader := openPostgres(t, patient(groupcommit.Config{Schema: schema}))
	var first, second []groupcommit.Command
	for _, name := range oddNames {
		first = append(first, identified(groupcommit.To(name, groupcommit.NoStream, happened(1))))
		second = append(second, groupcommit.To(name, groupcommit.Exact(1), happened(2)))
	}
	submitTogether(t, writer, first...)
	for i, future := range submitTogether(t, reader, second...) {
		if _, err := future.Result(); err != nil {
			t.Errorf("name %q: %v", oddNames[i], err)
		}
	}
	for i, future := range submitTogether(t, reader, first...) {
		if result, err := future.Result(); err != nil || !result.Duplicate || result.Versions[0].Version != 1 {
			t.Errorf("name %q, again: %+v, %v", oddNames[i], result, err)
		}
	}
}
