package workload

import "encoding/json"

// Readings is the state of a stream of readings.
type Readings struct {
	Taken int // the sequence of the newest
}

// Evolve is the state after one more event.
func (r Readings) Evolve(eventType string, data []byte) (Readings, error) {
	if eventType != "ReadingTaken" {
		return r, nil
	}
	var e ReadingTaken
	err := json.Unmarshal(data, &e)
	r.Taken = e.Sequence
	return r, err
}
