package main

import (
	"context"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
)

// projection is a small read model: how many events there are of each type. It belongs to the goroutine that follows.
type projection struct {
	store  *groupcommit.Store
	counts map[string]int
}

func newProjection(store *groupcommit.Store) *projection {
	return &projection{store: store, counts: map[string]int{}}
}

// follow counts until ctx ends.
func (p *projection) follow(ctx context.Context) error {
	for event, err := range p.store.Subscribe(ctx, 0, groupcommit.Named("events by type")) {
		if err != nil {
			return err
		}
		p.counts[event.Type]++
	}
	return nil
}

func (p *projection) events() (n int) {
	for _, count := range p.counts {
		n += count
	}
	return n
}

// lags tells telemetry how far behind the log the subscriptions of a store are. One that was at its end at some moment has handled all that
// was committed before.
func lags(store *groupcommit.Store) []telemetry.Lag {
	var all []telemetry.Lag
	for _, s := range store.Subscriptions() {
		lag := telemetry.Lag{Name: s.Name, Events: s.Lag()}
		if lag.Events > 0 && !s.CaughtUp.IsZero() {
			lag.Age = time.Since(s.CaughtUp)
		}
		all = append(all, lag)
	}
	return all
}
