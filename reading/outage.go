package reading

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// The pause between two attempts grows from the first to the last of these.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// outage is a time in which the log cannot be read. It is told once, and its end.
type outage struct {
	since time.Time // zero: there is none
	pause time.Duration
}

func (o *outage) wait(ctx context.Context, logger *slog.Logger, err error) {
	if o.since.IsZero() {
		o.since, o.pause = time.Now(), firstPause
		logger.Warn("groupcommit: a subscription cannot read, and tries again", "error", err)
	}
	await(ctx, nil, o.pause/2+rand.N(o.pause/2))
	o.pause = min(2*o.pause, lastPause)
}

func (o *outage) over(logger *slog.Logger) {
	if !o.since.IsZero() {
		logger.Info("groupcommit: a subscription goes on", "after", time.Since(o.since))
		o.since = time.Time{}
	}
}
