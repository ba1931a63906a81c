package command_test

import (
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/command"
)

func TestMetadataRoundTrip(t *testing.T) {
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.FixedZone("", 2*3600))
	for _, c := range []struct {
		metadata command.Metadata
		encoded  string
	}{
		{command.Metadata{}, `{}`},
		{command.Metadata{CorrelationID: "c"}, `{"correlation_id":"c"}`},
		{command.Metadata{CausationID: "c"}, `{"causation_id":"c"}`},
		{command.Metadata{UserID: "ü\"\\\n"}, `{"user_id":"ü\"\\\n"}`},
		{command.Metadata{Timestamp: at}, `{"timestamp":"2024-02-29T23:59:59.123456789+02:00"}`},
		{
			command.Metadata{CorrelationID: "1", CausationID: "2", UserID: "3", Timestamp: at},
			`{"correlation_id":"1","causation_id":"2","user_id":"3","timestamp":"2024-02-29T23:59:59.123456789+02:00"}`,
		},
	} {
		encoded := c.metadata.Encode()
		if string(encoded) != c.encoded {
			t.Errorf("encoded %s, want %s", encoded, c.encoded)
		}
		parsed, err := command.ParseMetadata(encoded)
		if err != nil {
			t.Errorf("%s: %v", encoded, err)
		}
		if !parsed.Timestamp.Equal(c.metadata.Timestamp) {
			t.Errorf("%s: parsed time %v, want %v", encoded, parsed.Timestamp, c.metadata.Timestamp)
		}
		parsed.Timestamp = c.metadata.Timestamp
		if parsed != c.metadata {
			t.Errorf("%s: parsed %+v, want %+v", encoded, parsed, c.metadata)
		}
	}
}

func TestMetadataOfAnImpossibleTime(t *testing.T) {
	encoded := command.Metadata{UserID: "ann", Timestamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}.Encode()
	if string(encoded) != `{"user_id":"ann"}` {
		t.Errorf("encoded %s", encoded)
	}
}

// Whatever a caller's strings hold, the metadata passes the check.
func TestMetadataIsAccepted(t *testing.T) {
	for _, text := range []string{"\xff", "a\xed\xa0\x80b", "\u2028<&>", strings.Repeat("x", 1000)} {
		event := happened.With(command.Metadata{UserID: text})
		if err := check(command.To("s", command.Any, event)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	for _, empty := range [][]byte{nil, {}, []byte("null"), []byte("{}")} {
		if m, err := command.ParseMetadata(empty); err != nil || m != (command.Metadata{}) {
			t.Errorf("%q: %+v, %v", empty, m, err)
		}
	}
	m, err := command.ParseMetadata([]byte(` {"trace":{"id":[1]}, "user_id":"ann", "Correlation_ID":"c"} `))
	if err != nil || m.UserID != "ann" {
		t.Errorf("with keys of others: %+v, %v", m, err)
	}
	for _, bad := range []string{"{", "[]", `"text"`, "1", `{"user_id":1}`, `{"timestamp":"yesterday"}`, "{}{}"} {
		if m, err := command.ParseMetadata([]byte(bad)); err == nil || m != (command.Metadata{}) {
			t.Errorf("%s: %+v, %v; want an error and nothing else", bad, m, err)
		}
	}
}
