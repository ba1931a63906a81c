package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/groupcommit/groupcommit"
)

var errNoObject = errors.New("the metadata is no JSON object, and the time has no place in it")

// withTime is metadata with the time of the event under the standard key.
func withTime(metadata []byte, at time.Time) ([]byte, error) {
	if at.IsZero() {
		return metadata, nil
	}
	if len(metadata) == 0 || bytes.Equal(metadata, []byte("null")) {
		if _, err := at.MarshalJSON(); err != nil {
			return nil, err
		}
		return groupcommit.Metadata{Timestamp: at}.Encode(), nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(metadata, &keys); err != nil || keys == nil {
		return nil, errNoObject
	}
	stamp, err := at.MarshalJSON()
	if err != nil {
		return nil, err
	}
	keys["timestamp"] = stamp
	return json.Marshal(keys)
}
