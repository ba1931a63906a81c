package telemetry

import (
	"strings"
	"time"
)

// Lag is how far a reader is behind the end of the log.
type Lag struct {
	Name    string
	Events  int64         // that it has not handled yet
	Age     time.Duration // of the oldest of them; 0 when there is none
	Stopped bool          // it has given up, because of an error
}

// lags are those of all readers, each name once and fit for a label: of equal names the one that is worst.
func (t *Telemetry) lags() []Lag {
	var all []Lag
	at := make(map[string]int)
	for _, lag := range t.projections.replace(t.config.Lags()) {
		lag.Name = strings.ToValidUTF8(lag.Name, "\uFFFD")
		i, again := at[lag.Name]
		if !again {
			at[lag.Name] = len(all)
			all = append(all, lag)
			continue
		}
		one := &all[i]
		one.Events, one.Age, one.Stopped = max(one.Events, lag.Events), max(one.Age, lag.Age), one.Stopped || lag.Stopped
	}
	return all
}
