package command

import (
	"encoding/json"

	"github.com/google/uuid"
)

// Event is something that happened, as it is handed in. RecordedEvent is the same event as the log holds it.
type Event struct {
	// ID identifies the event; a UUIDv7 is made at Submit when it is zero. It is unique within its command; across
	// commands it is the caller's to keep unique.
	ID uuid.UUID

	// Type names what happened, "OrderPlaced". It is required.
	Type string

	// Data is JSON and empty means null. PostgreSQL keeps it as jsonb: what is read back is equal JSON, not equal bytes. In a log of
	// DataBytea it is any bytes, or none, and comes back as it is.
	Data []byte

	// Metadata is JSON, or empty for none. See Metadata for the standard keys.
	Metadata []byte

	invalid error // what JSON could not encode; told at Submit
}

// JSON makes an event whose data is the JSON encoding of value. What cannot be encoded is refused at Submit, with an
// *InvalidError that wraps the encoder's error.
func JSON(eventType string, value any) Event {
	data, err := json.Marshal(value)
	return Event{Type: eventType, Data: data, invalid: err}
}

// With returns the event with this metadata in place of what it had.
func (e Event) With(m Metadata) Event {
	e.Metadata = m.Encode()
	return e
}
