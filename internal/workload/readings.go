package workload

import "encoding/json"

// Readings is the state of a stream of readings.
type Readings struct {
	Taken int // so many, if each says how many came before it
}

// Evolve is the state after one more event.
func (r Readings) Evolve(eventType string, data []byte) (Readings, error) {
	if eventType != readingTaken {
		return r, nil
	}
	var e ReadingTaken
	err := json.Unmarshal(data, &e)
	r.Taken = e.Command + 1
	return r, err
}
