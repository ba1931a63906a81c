package projection

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// follow lets batches take effect as they come. In between it shows the server that it is alive, and saves what no transaction has carried.
// It always returns an error: what has failed, or that ctx has ended.
func (h *holder) follow(ctx context.Context) error {
	if err := h.trySwap(ctx); err != nil {
		return err
	}
	ahead, end := context.WithCancel(ctx)
	batches := make(chan read)
	from, parts := h.pending, slices.Clone(h.trouble.parts)
	var wg sync.WaitGroup
	wg.Go(func() { h.subscribe(ahead, from, parts, batches) })
	defer wg.Wait()
	defer end()

	alive := time.NewTicker(h.options.Timeout / 2)
	defer alive.Stop()
	save := time.NewTicker(h.saveEvery)
	defer save.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case next := <-batches:
			err = h.receive(ctx, next)
		case <-save.C:
			err = h.save(ctx)
		case <-alive.C:
			err = h.ping(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// read is what came of the subscription.
type read struct {
	batch groupcommit.Batch
	err   error
}

// subscribe reads ahead by a batch while the one before takes effect. What has failed is read in parts.
func (h *holder) subscribe(ctx context.Context, from groupcommit.Checkpoint, parts parts, to chan<- read) {
	for ctx.Err() == nil {
		for batch, err := range h.source.SubscribeBatches(ctx, 0, h.options.reading(from, parts.next(h.options.BatchEvents), h.title())...) {
			select {
			case to <- read{batch, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			from = batch.Last
			if len(parts) > 0 && len(batch.Events) > 0 {
				parts = parts.take(len(batch.Events))
				break
			}
		}
	}
}

// receive lets a batch take effect, and a version that has caught up take its place.
func (h *holder) receive(ctx context.Context, next read) error {
	if err := h.tried(reading, groupcommit.Batch{}, next.err); err != nil {
		return err
	}
	if err := h.step(ctx, next.batch); err != nil {
		return err
	}
	h.trouble.parts = h.trouble.parts.take(len(next.batch.Events))
	if next.batch.Last.Position < next.batch.End {
		return nil
	}
	return h.trySwap(ctx)
}

func (h *holder) step(ctx context.Context, b groupcommit.Batch) error {
	switch {
	case len(b.Events) == 0:
		h.pending = b.Last
		return nil
	case len(b.Events) == 1 && b.Events[0].Position == h.trouble.doomed:
		return h.park(ctx, b)
	case h.apply != nil:
		return h.applied(b, h.commit(ctx, b.Last, func(ctx context.Context, tx pgx.Tx) error { return h.effect(ctx, tx, b.Events) }))
	case h.handle != nil:
		return h.handleBatch(ctx, b)
	}
	h.pending = b.Last
	h.unsaved += len(b.Events)
	return nil
}

// applied is called with what came of events.
func (h *holder) applied(b groupcommit.Batch, err error) error {
	if err = h.tried(applying, b, err); err == nil {
		h.trouble.inARow = 0
	}
	return err
}

// handleBatch makes sure that it still has the turn, and then has an effect elsewhere.
func (h *holder) handleBatch(ctx context.Context, b groupcommit.Batch) error {
	if err := h.ping(ctx); err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, h.options.Timeout, errOverdue)
	defer cancel()
	if err := h.applied(b, h.effect(limited, nil, b.Events)); err != nil {
		return err
	}
	h.pending = b.Last
	h.unsaved += len(b.Events)
	if h.unsaved < h.saveEvents {
		return nil
	}
	return h.save(ctx)
}

// save saves the checkpoint, if it has moved: that of a handler also when ctx has ended. A view is refreshed with it, if there were events.
func (h *holder) save(ctx context.Context) error {
	if h.pending == h.at {
		return nil
	}
	if h.handle != nil {
		var cancel context.CancelFunc
		ctx, cancel = outlive(ctx)
		defer cancel()
	}
	return h.tried(refreshing, groupcommit.Batch{}, h.commit(ctx, h.pending, func(ctx context.Context, tx pgx.Tx) error {
		if h.refresh == nil || h.unsaved == 0 {
			return nil
		}
		return guard(ctx, tx, func() error { return h.refresh(ctx, tx) })
	}))
}

// commit moves the checkpoint and has an effect, or neither. The checkpoint comes first: whoever else is at it waits there, and finds that it has
// moved.
func (h *holder) commit(ctx context.Context, to groupcommit.Checkpoint, effect func(context.Context, pgx.Tx) error) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	err := pgx.BeginTxFunc(ctx, h.conn, readCommitted, func(tx pgx.Tx) error {
		live, err := h.move(ctx, tx, h.task, h.at, to)
		if err != nil {
			return err
		}
		h.live = live
		return effect(ctx, tx)
	})
	if err != nil {
		return err
	}
	h.at, h.pending, h.unsaved = to, to, 0
	h.reached()
	return nil
}
