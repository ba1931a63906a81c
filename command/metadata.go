package command

import (
	"encoding/json"
	"fmt"
	"time"
)

// Metadata holds the standard keys of an event's metadata: where it came from and on whose behalf. Other keys may stand
// beside them in Event.Metadata; these are the names to use for these meanings.
type Metadata struct {
	CorrelationID string    `json:"correlation_id,omitempty"` // the same for everything that one request set off
	CausationID   string    `json:"causation_id,omitempty"`   // the command or event that led to this one
	UserID        string    `json:"user_id,omitempty"`        // on whose behalf
	Timestamp     time.Time `json:"timestamp,omitzero"`       // when it happened, where that is not when it was recorded
}

// Encode gives the JSON form, for Event.Metadata.
func (m Metadata) Encode() []byte {
	data, err := json.Marshal(m)
	if err != nil { // a year beyond 9999 is all that can fail; the rest is worth keeping
		m.Timestamp = time.Time{}
		data, _ = json.Marshal(m)
	}
	return data
}

// ParseMetadata reads the standard keys from an event's metadata and ignores all others. Empty metadata is the zero value.
func ParseMetadata(data []byte) (Metadata, error) {
	var m Metadata
	if len(data) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return Metadata{}, fmt.Errorf("groupcommit: metadata: %w", err)
	}
	return m, nil
}
