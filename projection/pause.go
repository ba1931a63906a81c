package projection

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 10 * time.Second
)

// longer doubles a pause, more or less, so that processes which fail together do not try again together.
func longer(pause time.Duration) time.Duration {
	return min(pause+rand.N(2*pause), longestPause)
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
