package workload

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Cold is W5: every command appends one event to a stream that its store has not seen. Half of them exist.
type Cold struct {
	store    Store
	existing []string
}

// NewCold prepares for a number of commands: it writes the streams that are to exist, 100 with one command, through another
// store than the one that is measured, which would know them otherwise.
func NewCold(ctx context.Context, store, preparer Store, commands int) (*Cold, error) {
	c := &Cold{store: store, existing: make([]string, (commands+1)/2)}
	var cmd groupcommit.Command
	for i := range c.existing {
		c.existing[i] = uuid.NewString()
		cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{
			Stream: c.existing[i],
			Expect: groupcommit.NoStream,
			Events: []groupcommit.Event{reading(c.existing[i], 0, 1)},
		})
		if len(cmd.Streams) < 100 && i < len(c.existing)-1 {
			continue
		}
		if _, err := preparer.Append(ctx, cmd); err != nil {
			return nil, fmt.Errorf("preparing cold streams: %w", err)
		}
		cmd.Streams = nil
	}
	return c, nil
}

// Do is command i of W5, each of them once.
func (c *Cold) Do(ctx context.Context, i int) (Outcome, error) {
	if i%2 == 0 {
		stream := c.existing[i/2]
		return appendOnce(ctx, c.store, groupcommit.To(stream, groupcommit.Exact(1), reading(stream, i, 1)))
	}
	stream := uuid.NewString()
	return appendOnce(ctx, c.store, groupcommit.To(stream, groupcommit.NoStream, reading(stream, i, 1)))
}
