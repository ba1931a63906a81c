package committer

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstDelay = 10 * time.Millisecond
	maxDelay   = time.Second
)

// outage is a time in which nothing succeeds. It spans batches: once patience is at its end, each further batch is tried once, at the
// slowest pace, and given up, so that callers hear of a long outage soon instead of one after the other.
type outage struct {
	patience time.Duration
	since    time.Time // of the first failure; zero when there is none
	last     time.Time // of the newest; one that is long past belongs to another outage
	delay    time.Duration
	reticence
}

// stalls tells of a failure, unless enough has been told of its outage.
func (c *Committer) stalls(o *outage, message string, err error) {
	o.begin()
	if o.due(o.last) {
		c.config.Logger.Warn(message, "error", err, "lasting", o.last.Sub(o.since))
	}
}

// goesOn ends an outage, and tells of it if anybody had to wait.
func (c *Committer) goesOn(o *outage) {
	c.permanent, c.losses = reticence{}, reticence{}
	if lasted := o.over(); lasted > 0 {
		c.config.Logger.Info("groupcommit: writing goes on", "after", lasted)
	}
}

// over ends the outage, and tells how long it was if anybody had to wait.
func (o *outage) over() (lasted time.Duration) {
	if o.delay > 0 {
		lasted = time.Since(o.since)
	}
	*o = outage{patience: o.patience}
	return lasted
}

// begin notes a failure and tells whether there is patience left.
func (o *outage) begin() bool {
	now := time.Now()
	if o.since.IsZero() || now.Sub(o.last) > o.patience {
		*o = outage{patience: o.patience, since: now}
	}
	o.last = now
	return now.Sub(o.since) < o.patience
}

// wait notes a failure and lets a while pass, longer each time and with jitter. It tells whether another try is due.
func (o *outage) wait(ctx context.Context) bool {
	patient := o.begin()
	o.delay = min(max(2*o.delay, firstDelay), maxDelay)
	return rest(ctx, o.delay) && patient
}

// rest lets a while pass, about as long as this. It tells whether ctx goes on.
func rest(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay/2 + rand.N(delay/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
