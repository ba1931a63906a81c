package telemetry

import (
	"context"
	"fmt"
	"log/slog"
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
	heard  []Lag
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
	ctx, cancel := context.WithTimeout(ctx, config.Ready.Timeout)
	defer cancel()
	now := time.Now()
	all, err := config.Projections.Status(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.heard, p.at = lagsOf(all), now
	} else if !p.failed {
		config.Logger.Log(ctx, slog.LevelWarn, "groupcommit: how far the projections are cannot be learned", "error", err)
	}
	p.failed = err != nil
}

// lags are those that were heard last. While nobody answers, they grow: what was committed since may not have been handled.
func (p *projections) lags() []Lag {
	p.mu.Lock()
	defer p.mu.Unlock()
	lags := slices.Clone(p.heard)
	if p.failed {
		for i := range lags {
			lags[i].Age += time.Since(p.at)
		}
	}
	return lags
}

// lagsOf are those of the versions that are read. One that is still being built is far behind, as it should be, and is told of only if it has given up.
func lagsOf(all []projection.Status) (lags []Lag) {
	for i := range all {
		s := &all[i]
		lag := Lag{Name: s.Name, Events: s.Lag, Age: s.LagTime, Stopped: s.Stopped}
		if !s.Live {
			lag.Name = fmt.Sprintf("%s, version %d", s.Name, s.Version)
		}
		if s.Live || s.Stopped {
			lags = append(lags, lag)
		}
	}
	return lags
}
