package benchmarks

import (
	"encoding/json"
	"testing"

	"github.com/groupcommit/groupcommit"
)

const (
	eventType = "OrderPlaced"
	eventSize = 230
)

// eventData is what every event of every contestant carries.
var eventData = []byte(`{"order":"3f0c2b7e-6a41-4d0b-9a55-1f6f2f3f9d10","customer":"cust0042",` +
	`"items":[{"product":"prod0007","quantity":3,"price":1999},{"product":"prod0009","quantity":1,"price":2490}],` +
	`"total":8487,"currency":"EUR","note":"ring at door"}`)

// appendTo appends an event behind a version of a stream.
func appendTo(stream string, version int64) groupcommit.Command {
	return groupcommit.To(stream, groupcommit.Exact(version), groupcommit.Event{Type: eventType, Data: eventData})
}

func TestEventData(t *testing.T) {
	if !json.Valid(eventData) {
		t.Error("it is not valid JSON")
	}
	if len(eventData) != eventSize {
		t.Errorf("it has %d bytes, want %d", len(eventData), eventSize)
	}
}
