package telemetry

import "time"

// notice is what people know of a target.
type notice struct {
	told time.Time // when they were told that it is missed; zero: they know of nothing
	met  time.Time // since when it is met all the same; zero while it is missed
}

// missed tells whether people are to be told that the target is missed: when they do not know it, and again after each cooldown.
func (n *notice) missed(now time.Time, cooldown time.Duration) (due bool) {
	n.met = time.Time{}
	if !n.told.IsZero() && now.Sub(n.told) < cooldown {
		return false
	}
	n.told = now
	return true
}

// resolved tells whether people are to be told that the target is met again: when it has been for a window, so that it is likely to last, and not within
// the cooldown, so that a target that comes and goes is not told each time. Whatever was told last is true until then.
func (n *notice) resolved(now time.Time, window, cooldown time.Duration) (due bool) {
	if n.told.IsZero() {
		return false
	}
	if n.met.IsZero() {
		n.met = now
	}
	if now.Sub(n.met) < window || now.Sub(n.told) < cooldown {
		return false
	}
	*n = notice{}
	return true
}
