package command

import (
	"time"

	"github.com/google/uuid"
)

// RecordedEvent is an event as the log holds it. Others may read the same bytes at the same time: Data and Metadata must not be written to, nor
// appended to. Whoever wants to works on a copy; an upcast is given one.
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
