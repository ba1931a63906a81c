package workload

import (
	"context"
	"math/rand/v2"
	"time"
)

// The pause before the next attempt is random, so that those who collided do not meet again, below a bound that doubles with
// each attempt, so that a crowd thins out. It also gives the winner the moment it needs to advance the states in memory.
const (
	firstBackoff = time.Millisecond
	maxBackoff   = 8 * time.Millisecond
)

// backOff waits after a number of conflicts. It fails when ctx ends first.
func backOff(ctx context.Context, conflicts int) error {
	timer := time.NewTimer(rand.N(backOffBound(conflicts)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func backOffBound(conflicts int) time.Duration {
	bound := firstBackoff
	for n := 1; n < conflicts && bound < maxBackoff; n++ {
		bound *= 2
	}
	return min(bound, maxBackoff)
}
