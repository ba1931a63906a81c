package telemetry

import (
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// sample is one look at the store, its readers and the process.
type sample struct {
	stats stats.Stats
	usage usage
	lags  []Lag
}

// window is the samples of the time that is judged, oldest first.
type window struct {
	length  time.Duration
	samples []sample
}

// add takes a sample in and drops those that are not needed any more: of those that are older than the window, one stays, to begin from.
func (w *window) add(s sample) {
	w.samples = append(w.samples, s)
	begin := s.stats.At.Add(-w.length)
	for len(w.samples) > 1 && !w.samples[1].stats.At.After(begin) {
		w.samples = w.samples[1:]
	}
}

func (w *window) first() *sample { return &w.samples[0] }

func (w *window) newest() *sample { return &w.samples[len(w.samples)-1] }

func (w *window) spans() time.Duration { return w.newest().stats.At.Sub(w.first().stats.At) }

// whole tells that all of the window has been looked at.
func (w *window) whole() bool { return w.spans() >= w.length }

// least is the least that a value was at any look of a window that is whole.
func (w *window) least(value func(*sample) float64) finding {
	if !w.whole() {
		return nothing(early)
	}
	least := value(w.first())
	for i := range w.samples {
		least = min(least, value(&w.samples[i]))
	}
	return found(least)
}

// rates is what was done in the window.
func (w *window) rates() stats.Rates { return w.newest().stats.Since(&w.first().stats) }
