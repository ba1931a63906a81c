package workload

import (
	"context"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// Hot is W6: every command appends one event to the same stream, whatever its version or by a decider. With exact versions it is Streams
// over one stream.
type Hot struct {
	store    Store
	stream   string
	readings *decider.Decider[Readings]
}

// NewHot works on a new stream.
func NewHot(store Store) *Hot {
	return &Hot{store: store, stream: uuid.NewString(), readings: decider.New(folding[Readings])}
}

// Decide is any command of W6, by a decider: the event says how many came before it.
func (h *Hot) Decide(ctx context.Context, _ int) (Outcome, error) {
	hot := h.readings.At(h.stream)
	return decide(ctx, h.store, func(d *decider.Decision) error {
		hot.Append(d, reading(h.stream, hot.State(d).Taken, 1))
		return nil
	}, hot)
}

// Do is command i of W6.
func (h *Hot) Do(ctx context.Context, i int) (Outcome, error) {
	return appendOnce(ctx, h.store, groupcommit.To(h.stream, groupcommit.Any, reading(h.stream, i, 1)))
}
