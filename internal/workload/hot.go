package workload

import (
	"context"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Hot is W6: every command appends one event to the same stream, whatever its version. With exact versions it is Streams
// over one stream.
type Hot struct {
	store  Store
	stream string
}

// NewHot works on a new stream.
func NewHot(store Store) *Hot { return &Hot{store: store, stream: uuid.NewString()} }

// Do is command i of W6.
func (h *Hot) Do(ctx context.Context, i int) (Outcome, error) {
	return appendOnce(ctx, h.store, groupcommit.To(h.stream, groupcommit.Any, reading(h.stream, i, 1)))
}
