package main

import (
	"context"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
)

// projection is a small read model: how many events there are of each type. It follows the log, and knows how far behind it is.
type projection struct {
	store *groupcommit.Store

	mu     sync.Mutex // guards what is below
	counts map[string]int64
	last   int64     // position of the newest event that is counted
	at     time.Time // when that was committed
	end    int64     // of the log, as last seen
}

func newProjection(store *groupcommit.Store) *projection {
	return &projection{store: store, counts: map[string]int64{}}
}

// follow counts until ctx ends.
func (p *projection) follow(ctx context.Context) error {
	for batch, err := range p.store.SubscribeBatches(ctx, 0) {
		if err != nil {
			return err
		}
		p.apply(&batch)
	}
	return nil
}

func (p *projection) apply(batch *groupcommit.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range batch.Events {
		p.counts[batch.Events[i].Type]++
		p.at = batch.Events[i].RecordedAt
	}
	p.last, p.end = batch.Last.Position, batch.End
}

// lags is what telemetry asks for. The oldest event that is not counted is not older than the newest one that is.
func (p *projection) lags() []telemetry.Lag {
	end := int64(0)
	if newest := p.store.Stats().NewestCommits; len(newest) > 0 {
		end = newest[0].First + int64(newest[0].Events) - 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	lag := telemetry.Lag{Name: "events by type", Events: max(end, p.end) - p.last}
	if lag.Events <= 0 || p.at.IsZero() {
		return []telemetry.Lag{{Name: lag.Name, Events: max(lag.Events, 0)}}
	}
	lag.Age = max(time.Since(p.at), 0)
	return []telemetry.Lag{lag}
}
