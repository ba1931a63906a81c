package workload

import (
	"context"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Cold is W5: every command appends one event to a stream that its store has not seen, or has forgotten. Half of them exist.
type Cold struct {
	store    Store
	existing []string
}

// NewCold works on streams that exist, each with one event, and on new ones. Somebody else has to have written those that exist: the
// store that is measured would know them otherwise.
func NewCold(store Store, existing []string) *Cold { return &Cold{store: store, existing: existing} }

// Do is command i of W5. After two commands for each stream that exists it goes round again; the store has forgotten them by then if it
// remembers fewer streams than that.
func (c *Cold) Do(ctx context.Context, i int) (Outcome, error) {
	stream, expect := uuid.NewString(), groupcommit.NoStream
	if i%2 == 0 {
		k := i / 2
		stream, expect = c.existing[k%len(c.existing)], groupcommit.Exact(int64(1+k/len(c.existing)))
	}
	return appendOnce(ctx, c.store, groupcommit.To(stream, expect, reading(stream, i, 1)))
}
