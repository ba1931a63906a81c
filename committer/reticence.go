package committer

import "time"

const (
	firstSilence = time.Second
	maxSilence   = 10 * time.Minute
)

// reticence is for what would be told again and again: it is told at once, and then after a silence that is twice as long each time.
type reticence struct {
	told    time.Time
	silence time.Duration // since told; 0 before the first time
}

// due tells whether it is time to tell it, and takes it as told then.
func (r *reticence) due(now time.Time) bool {
	if now.Sub(r.told) < r.silence {
		return false
	}
	r.told, r.silence = now, min(max(2*r.silence, firstSilence), maxSilence)
	return true
}
