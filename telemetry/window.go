package telemetry

import (
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// sample is one look at the store and the process.
type sample struct {
	stats stats.Stats
	usage usage
	lag   time.Duration // the largest
}

// busy tells that there was something to do.
func (s *sample) busy() bool { return s.stats.Queue.Commands > 0 || s.stats.InFlight > 0 }

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

// rates is what was done in the window.
func (w *window) rates() stats.Rates { return w.newest().stats.Since(&w.first().stats) }

// strained tells that the window is whole, and that there was always something to do.
func (w *window) strained() bool {
	for i := range w.samples {
		if !w.samples[i].busy() {
			return false
		}
	}
	return w.newest().stats.At.Sub(w.first().stats.At) >= w.length
}

func (w *window) commands() (float64, bool) { return w.rates().Commands, w.strained() }

func (w *window) events() (float64, bool) { return w.rates().Events, w.strained() }

func quantile(part float64) func(*window) (float64, bool) {
	return func(w *window) (float64, bool) {
		latency := w.newest().stats.Latency.Minus(&w.first().stats.Latency)
		return latency.Quantile(part), latency.Count() > 0
	}
}

func (w *window) memory() (float64, bool) { return float64(w.newest().usage.memory), true }

func (w *window) cpu() (float64, bool) {
	over := w.newest().stats.At.Sub(w.first().stats.At)
	if over <= 0 {
		return 0, false
	}
	used := w.newest().usage.cpu - w.first().usage.cpu
	return used.Seconds() / over.Seconds() / float64(w.newest().usage.processors), true
}

func (w *window) queue() (float64, bool) { return w.newest().stats.Queue.Full(), true }

func (w *window) stalled() (float64, bool) { return w.newest().stats.Stalled.Seconds(), true }

func (w *window) lag() (float64, bool) { return w.newest().lag.Seconds(), true }

func (w *window) unknown() (float64, bool) {
	return float64(w.newest().stats.Commands.Unknown - w.first().stats.Commands.Unknown), true
}

func (w *window) stopped() (float64, bool) { return truth(w.newest().stats.Stopped != nil), true }
