package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/stats"
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

// lags is what telemetry asks for.
func (p *projection) lags() []telemetry.Lag {
	commits := p.store.Stats().NewestCommits
	p.mu.Lock()
	defer p.mu.Unlock()
	end := p.end
	if len(commits) > 0 {
		end = max(end, last(&commits[0]))
	}
	lag := telemetry.Lag{Name: "events by type", Events: end - p.last}
	if since := p.behindSince(commits); lag.Events > 0 && !since.IsZero() {
		lag.Age = max(time.Since(since), 0)
	}
	return []telemetry.Lag{lag}
}

// behindSince is when the oldest event that is not counted was committed. Where that is longer ago than the newest commits tell, it is when the
// newest one that is counted was: not later, at any rate.
func (p *projection) behindSince(commits []stats.Commit) time.Time {
	for i := range slices.Backward(commits) {
		if last(&commits[i]) > p.last {
			if commits[i].First > p.last+1 {
				return p.at
			}
			return commits[i].At
		}
	}
	return p.at
}

func last(c *stats.Commit) int64 { return c.First + int64(c.Events) - 1 }
