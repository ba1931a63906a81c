package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/groupcommit/groupcommit"
)

const readingClients = 1000

// BenchmarkWriteWhileReading shows what subscribers in the process cost its writers: a store with so many, in turn with one that has none; x-alone is
// the multiple of its rate. behind is how far the slowest subscriber was behind the log when the writers stopped, in events.
func BenchmarkWriteWhileReading(b *testing.B) {
	for _, subscribers := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			read := openStore(b, groupcommit.Config{}, *streamCount)
			readers := follow(b, read, subscribers)
			alone := openContestant(b, groupcommit.Config{}, readingClients)
			compare(b, newContestant(newClients(b, readingClients, read, read.append)), alone, "x-alone")
			b.ReportMetric(float64(readers.behind(b)), "behind")
		})
	}
}

// followers are subscribers of a store, each in a goroutine of its own until the benchmark ends.
type followers struct {
	store     *store
	positions []atomic.Int64
}

func follow(b *testing.B, s *store, n int) *followers {
	f := &followers{store: s, positions: make([]atomic.Int64, n)}
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f.follow(ctx, i); err != nil && ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	b.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return f
}

func (f *followers) follow(ctx context.Context, i int) error {
	for event, err := range f.store.Subscribe(ctx, 0) {
		if err != nil {
			return err
		}
		f.positions[i].Store(event.Position)
	}
	return nil
}

// behind is how many events the slowest of them has not been given yet; 0 where there is none.
func (f *followers) behind(b *testing.B) (events int64) {
	for event, err := range f.store.ReadAll(b.Context(), groupcommit.Backward(), groupcommit.Limit(1)) {
		if err != nil {
			b.Fatal(err)
		}
		for i := range f.positions {
			events = max(events, event.Position-f.positions[i].Load())
		}
	}
	return events
}
