package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// client is one caller. It waits for each answer. One goroutine uses it at a time: while a load runs, that of the load.
type client struct {
	send      func(ctx context.Context) (workload.Outcome, error) // has its next command carried out
	latencies []time.Duration
}

// appendFunc puts one event behind the given version of a stream and returns when it is durable.
type appendFunc func(ctx context.Context, stream string, version int64) error

// newClients are n clients that append to streams of their own, so that no command conflicts.
func newClients(tb testing.TB, n int, s *store, do appendFunc) []*client {
	tb.Helper()
	clients, err := s.dealClients(n, do)
	if err != nil {
		tb.Fatal(err)
	}
	return clients
}

// dealClients is newClients in a process that runs no test.
func (s *store) dealClients(n int, do appendFunc) ([]*client, error) {
	hands, err := s.deal(n)
	if err != nil {
		return nil, err
	}
	clients := make([]*client, n)
	for i, own := range hands {
		clients[i] = &client{send: func(ctx context.Context) (workload.Outcome, error) {
			return workload.Outcome{Events: 1}, own.append(ctx, do)
		}}
	}
	return clients, nil
}

// newWorkers are n clients that draw the commands of a workload from one counter.
func newWorkers(n int, do workload.Do) []*client {
	var drawn atomic.Int64
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = &client{send: func(ctx context.Context) (workload.Outcome, error) { return do(ctx, int(drawn.Add(1)-1)) }}
	}
	return clients
}

// hand is what one client is dealt of a store's streams. It chooses among them at random.
type hand struct {
	streams  []string
	versions []int64 // of streams
	random   *rand.Rand
}

// deal deals the streams out to n.
func (s *store) deal(n int) ([]*hand, error) {
	if n > len(s.streams) {
		return nil, fmt.Errorf("%d clients need at least as many streams, have %d", n, len(s.streams))
	}
	hands := make([]*hand, n)
	for i := range hands {
		hands[i] = &hand{random: rand.New(rand.NewPCG(uint64(i), 0))}
	}
	for i, stream := range s.streams {
		h := hands[i%n]
		h.streams = append(h.streams, stream)
		h.versions = append(h.versions, s.version)
	}
	return hands, nil
}

// append has one event appended to one of the streams.
func (h *hand) append(ctx context.Context, do appendFunc) error {
	i := h.random.IntN(len(h.streams))
	if err := do(ctx, h.streams[i], h.versions[i]); err != nil {
		return err
	}
	h.versions[i]++
	return nil
}
