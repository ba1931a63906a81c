package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// texts are valid names and valid JSON strings that a log might read as something else.
var texts = []string{
	`'single' "double" ''twice''`, `$$dollar$$ $1 %s ?`, `back\slash \\ \' \"`, `\N`, `\.`, `\x41`, `\u0041`,
	"new\nline", "carriage\r\nreturn", "tab\t", "\v\f\b\a\x1b\x01\x7f",
	"NULL", "null", "{}", "{a,b}", "-- comment", "; DROP TABLE events",
	"é", "e\u0301", "ß", "日本語", "עברית", "🦄", "👩‍👩‍👧‍👦", "𝔘", "\u2028\u2029", "\u0085", "\u00a0", "\u200b", "\ufeff", "\ufffd", "\U0010ffff",
	" ", " leading", "trailing ", "a,b", "a;b", "a:b/c?d#e", strings.Repeat("x", 255), strings.Repeat("é", 127),
}

func oddText(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var writes []command.StreamWrite
	for _, text := range texts {
		step := chain.Append(oddWrite(t, text))
		sameEvents(t, fmt.Sprintf("%q alone", text), readStream(t, store, text, 0, all), step.Events)
		writes = append(writes, oddWrite(t, text))
	}
	step := chain.Append(writes...)
	sameEvents(t, "together", readAll(t, store, step.Commit.Parent.Position, all), step.Events)
}

// oddWrite has a text for stream, type, and for keys and values of data and metadata, once as it is and once in ASCII.
func oddWrite(t *testing.T, text string) command.StreamWrite {
	t.Helper()
	plain, err := json.Marshal(map[string]string{text: text})
	if err != nil {
		t.Fatal(err)
	}
	ascii := []byte("{" + asciiJSON(text) + ": [" + asciiJSON(text) + "]}")
	write := command.StreamWrite{Stream: text, Events: []command.Event{
		{Type: text, Data: plain, Metadata: ascii},
		{Type: text, Data: ascii, Metadata: plain},
	}}
	odd := command.Command{Streams: []command.StreamWrite{write}}
	if err := odd.Check(new(command.Limits{}.WithDefaults())); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return write
}

func asciiJSON(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	b.WriteByte('"')
	return b.String()
}

// namesByteByByte has names that a collation, a case folding or a normal form would confuse.
func namesByteByByte(t *testing.T, open Open) {
	names := []string{
		"a", "A", "á", "a\u0301", "a ", " a", "a\t", "a-b", "ab", "a_b", "aa", "a\u00adb", "Ä", "ä", "ss", "ß", "ſ",
		"1", "01", "１", "_", "-", "\u00ad", "🦄", "i", "ı", "I", "İ",
	}
	store := open(t)()
	chain := NewChain(t, store)
	for i, name := range names {
		chain.Append(Events(name, i+1))
	}
	for i, name := range names {
		if version := streamVersion(t, store, name); version != int64(i+1) {
			t.Errorf("stream %s is at version %d, want %d", strconv.QuoteToASCII(name), version, i+1)
		}
	}
	for range len(names) {
		names = slices.Concat(names[1:], names[:1])
		snapshot := look(t, store, committer.Query{Streams: names})
		for i, name := range names {
			if snapshot.Versions[i] != chain.Version(name) {
				t.Fatalf("asked for %q: version %d of %q, want %d", names, snapshot.Versions[i], name, chain.Version(name))
			}
		}
	}
}
