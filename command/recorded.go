package command

import (
	"time"

	"github.com/google/uuid"
)

// RecordedEvent is an event as the log holds it.
type RecordedEvent struct {
	Position   int64  // in the log: 1, 2, 3, ... without gaps, in commit order
	Stream     string // that it belongs to
	Version    int64  // in the stream: 1, 2, 3, ... without gaps
	ID         uuid.UUID
	Type       string
	Data       []byte // JSON; any bytes in a log of DataBytea
	Metadata   []byte // JSON; nil for none
	RecordedAt time.Time
}
