package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/projection"
)

// Projections knows how far projections are: a *projection.Runner.
type Projections interface {
	Status(context.Context) ([]projection.Status, error)
}

// projections keeps what was last heard of projections, for those who must not wait for the database. mu guards all below it.
type projections struct {
	mu     sync.Mutex
	heard  []projection.Status
	at     time.Time // when it was heard
	failed bool      // the last time that they were asked
}

// follow asks again and again, until ctx ends.
func (p *projections) follow(ctx context.Context, config *Config) {
	ticker := time.NewTicker(config.Interval)
	defer ticker.Stop()
	for {
		p.ask(ctx, config)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *projections) ask(ctx context.Context, config *Config) {
	asking, cancel := context.WithTimeout(ctx, config.Ready.Timeout)
	defer cancel()
	now := time.Now()
	all, err := config.Projections.Status(asking)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.heard, p.at = all, now
	} else if !p.failed && ctx.Err() == nil {
		config.Logger.Warn("groupcommit: how far the projections are cannot be learned", "error", err)
	}
	p.failed = err != nil
}

// replace puts what was heard of projections in the place of what is said of their subscriptions in this process. While nobody answers they fall
// behind: what was committed since may not have been handled.
//
// The versions that are read are told of. One that is still being built is far behind, as it should be, and is told of only if it has given up.
func (p *projections) replace(lags []Lag) []Lag {
	p.mu.Lock()
	defer p.mu.Unlock()
	lags = slices.DeleteFunc(slices.Clone(lags), func(lag Lag) bool {
		return slices.ContainsFunc(p.heard, func(s projection.Status) bool { return s.Title() == lag.Name })
	})
	for i := range p.heard {
		s := &p.heard[i]
		lag := Lag{Name: s.Title(), Events: s.Lag, Age: s.LagTime, Stopped: s.Stopped}
		if p.failed {
			lag.Age += time.Since(p.at)
		}
		if s.Live || s.Stopped {
			lags = append(lags, lag)
		}
	}
	return lags
}
