package benchmarks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// appendFunc puts one event behind the given version of a stream and returns when it is durable.
type appendFunc func(ctx context.Context, stream string, version int64) error

// client is one caller. It owns its streams, so its commands never conflict. One goroutine uses it at a time: while a load runs, that
// of the load.
type client struct {
	streams   []string
	versions  []int64 // of streams
	random    *rand.Rand
	latencies []time.Duration
}

// newClients deals streams, each of which has one event, out to n clients.
func newClients(tb testing.TB, n int, streams []string) []*client {
	tb.Helper()
	clients, err := deal(n, streams)
	if err != nil {
		tb.Fatal(err)
	}
	return clients
}

func deal(n int, streams []string) ([]*client, error) {
	if n > len(streams) {
		return nil, fmt.Errorf("%d clients need at least as many streams, have %d", n, len(streams))
	}
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = &client{random: rand.New(rand.NewPCG(uint64(i), 0))}
	}
	for i, stream := range streams {
		c := clients[i%n]
		c.streams = append(c.streams, stream)
		c.versions = append(c.versions, 1)
	}
	return clients, nil
}

// send has one event appended to one of the client's streams.
func (c *client) send(ctx context.Context, do appendFunc) error {
	i := c.random.IntN(len(c.streams))
	if err := do(ctx, c.streams[i], c.versions[i]); err != nil {
		return err
	}
	c.versions[i]++
	return nil
}
