package workload

import (
	"context"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Batches is W3: every command appends many events to a stream that must not exist.
type Batches struct {
	store Store
	size  int
}

// NewBatches appends size events with each command.
func NewBatches(store Store, size int) *Batches { return &Batches{store: store, size: size} }

// Do is command i of W3.
func (b *Batches) Do(ctx context.Context, i int) (Outcome, error) {
	stream := "batch-" + uuid.NewString()
	events := make([]groupcommit.Event, b.size)
	for k := range events {
		events[k] = reading(stream, i, k+1)
	}
	return appendOnce(ctx, b.store, groupcommit.To(stream, groupcommit.NoStream, events...))
}

// appendOnce is for commands that nobody collides with.
func appendOnce(ctx context.Context, store Store, cmd groupcommit.Command) (Outcome, error) {
	if _, err := store.Append(ctx, cmd); err != nil {
		return Outcome{}, err
	}
	return Outcome{Events: cmd.Events()}, nil
}
