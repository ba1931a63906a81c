package workload

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Streams is W4: every command appends one event to a stream that is chosen at random, at exactly the version that this
// process has last seen. Over one stream it is W6 with exact versions.
type Streams struct {
	store    Store
	names    []string
	versions []atomic.Int64 // of names, as far as seen
}

// NewStreams works on this many new streams. They come into being as they are written to.
func NewStreams(store Store, count int) *Streams {
	s := &Streams{store: store, names: make([]string, count), versions: make([]atomic.Int64, count)}
	for i := range s.names {
		s.names[i] = uuid.NewString()
	}
	return s
}

// Begin writes the first event of every stream, for a run that is not to begin with new ones.
func (s *Streams) Begin(ctx context.Context) error {
	result := Drive(ctx, Load{Clients: min(len(s.names), 1000), Commands: len(s.names)}, func(ctx context.Context, i int) (Outcome, error) {
		return s.append(ctx, i, i)
	})
	return result.Err
}

// Do is command i of W4. Where two clients choose the same stream at the same time, one of them comes second and tries again.
func (s *Streams) Do(ctx context.Context, i int) (Outcome, error) {
	return s.append(ctx, rand.IntN(len(s.names)), i)
}

// append is command i, to stream k.
func (s *Streams) append(ctx context.Context, k, i int) (Outcome, error) {
	events := []groupcommit.Event{reading(s.names[k], i, 1)}
	return Execute(ctx, s.store, groupcommit.Metadata{}, func(_ context.Context, attempt *Attempt) ([]Write, error) {
		version := max(s.versions[k].Load(), attempt.AtLeast(s.names[k]))
		write := groupcommit.StreamWrite{Stream: s.names[k], Expect: groupcommit.Exact(version), Events: events}
		return []Write{{StreamWrite: write, committed: func() { raise(&s.versions[k], version+1) }}}, nil
	})
}

// raise sets a version unless it is higher already: goroutines come here in any order.
func raise(version *atomic.Int64, to int64) {
	for seen := version.Load(); seen < to; seen = version.Load() {
		if version.CompareAndSwap(seen, to) {
			return
		}
	}
}
