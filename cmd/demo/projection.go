package main

import (
	"context"

	"github.com/groupcommit/groupcommit"
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
