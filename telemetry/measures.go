package telemetry

import "github.com/groupcommit/groupcommit/stats"

// What the rules measure. Where there is nothing to judge, they say why.

const (
	uncounted = "nothing is counted"
	unread    = "there is no reader"
)

func (w *window) stopped() finding {
	f := found(truth(w.newest().stats.Stopped != nil))
	f.about = stopped(&w.newest().stats)
	return f
}

func (w *window) commands() finding { return w.throughput(w.rates().Commands) }

func (w *window) events() finding { return w.throughput(w.rates().Events) }

// throughput judges a rate, where commands were waiting at each look: that there are none is no fault of a store that has little to do, nor of callers
// who come one at a time.
func (w *window) throughput(rate float64) finding {
	waiting := w.least(func(s *sample) float64 { return float64(s.stats.Queue.Commands) })
	switch {
	case w.newest().stats.Uncounted:
		return nothing(uncounted)
	case !waiting.judged:
		return waiting
	case waiting.value == 0:
		return nothing("nothing waits")
	default:
		return found(rate)
	}
}

// quantile judges a latency, where so many commands were told: that of fewer is the latency of one of them.
func quantile(part float64, fewest uint64) func(*window) finding {
	return func(w *window) finding {
		latency := w.newest().stats.Latency.Minus(&w.first().stats.Latency)
		switch {
		case !w.whole():
			return nothing(early)
		case latency.Count() < fewest:
			return nothing("too few commands")
		default:
			return found(latency.Quantile(part))
		}
	}
}

func (w *window) memory() finding {
	return w.least(func(s *sample) float64 { return float64(s.usage.memory) })
}

func (w *window) cpu() finding {
	if !w.whole() {
		return nothing(early)
	}
	used := w.newest().usage.cpu - w.first().usage.cpu
	return found(used.Seconds() / w.spans().Seconds() / float64(w.newest().usage.processors))
}

func (w *window) queue() finding {
	return w.least(func(s *sample) float64 { return s.stats.Queue.Full() })
}

// stalled is a time already: it needs no window.
func (w *window) stalled() finding { return found(w.newest().stats.Stalled.Seconds()) }

// lag is that of the reader that is furthest behind throughout.
func (w *window) lag() finding {
	worst := nothing(unread)
	for i := range w.newest().lags {
		name := w.newest().lags[i].Name
		lag := w.least(func(s *sample) float64 { return s.lag(name) })
		if !lag.judged {
			return lag
		}
		if lag.about = name; !worst.judged || lag.value > worst.value {
			worst = lag
		}
	}
	return worst
}

// lag is how far a reader was behind, in seconds; 0 where it was not there.
func (s *sample) lag(name string) float64 {
	for i := range s.lags {
		if s.lags[i].Name == name {
			return s.lags[i].Age.Seconds()
		}
	}
	return 0
}

func (w *window) readerStopped() finding {
	lags := w.newest().lags
	if len(lags) == 0 {
		return nothing(unread)
	}
	f := found(0)
	for i := range lags {
		if lags[i].Stopped {
			f.value, f.about = f.value+1, lags[i].Name
		}
	}
	return f
}

func (w *window) unknown() finding {
	return w.told(func(c *stats.Commands) uint64 { return c.Unknown })
}

func (w *window) notWritten() finding {
	return w.told(func(c *stats.Commands) uint64 { return c.NotWritten })
}

// told is how many commands were told a verdict in the window.
func (w *window) told(count func(*stats.Commands) uint64) finding {
	now, then := &w.newest().stats, &w.first().stats
	if now.Uncounted {
		return nothing(uncounted)
	}
	return found(float64(count(&now.Commands) - count(&then.Commands)))
}
