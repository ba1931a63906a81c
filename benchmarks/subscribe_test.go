package benchmarks

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// BenchmarkSubscribe measures how soon after the answer to a command its event is delivered, while a single caller appends one event after the
// other: to a subscriber of the same process, and to one of another process. One that comes before the answer, as the commit is told to both at
// once, counts as 0. catch-up is how fast a subscriber goes through a log that is there.
func BenchmarkSubscribe(b *testing.B) {
	b.Run("from=here", func(b *testing.B) {
		s := openStore(b, groupcommit.Config{}, 1)
		measureDelivery(b, s.Store, func() time.Time {
			if _, err := s.Append(b.Context(), appendAnyhow(s.streams[0])); err != nil {
				b.Fatal(err)
			}
			return time.Now()
		})
	})
	b.Run("from=elsewhere", func(b *testing.B) {
		s := openStore(b, groupcommit.Config{}, 1)
		elsewhere := startNeighbour(b, s)
		measureDelivery(b, s.Store, func() (answered time.Time) {
			if err := elsewhere.Send(true); err != nil {
				b.Fatal(err)
			}
			receive(b, elsewhere, patience, &answered)
			return answered
		})
	})
	b.Run("catch-up", catchUp)
}

func appendAnyhow(stream string) groupcommit.Command {
	return groupcommit.To(stream, groupcommit.Any, groupcommit.Event{Type: eventType, Data: eventData})
}

// measureDelivery reports the time from the answer to a command, which write returns, to the delivery of its event.
func measureDelivery(b *testing.B, store *groupcommit.Store, write func() time.Time) {
	deliveries := subscribe(b, store)
	<-deliveries
	var all []time.Duration
	for b.Loop() {
		answered := write()
		delivered := <-deliveries
		all = append(all, max(delivered.Sub(answered), 0))
	}
	slices.Sort(all)
	reportPercentiles(b, "", all, 50, 99)
}

// subscribe tells the time of each delivery, until the benchmark ends.
func subscribe(b *testing.B, store *groupcommit.Store) <-chan time.Time {
	deliveries := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, err := range store.Subscribe(ctx, 0) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				b.Error(err)
				return
			}
			deliveries <- time.Now().Round(0) // by the clock that all processes share
		}
	}()
	b.Cleanup(func() {
		cancel()
		<-done
	})
	return deliveries
}

func catchUp(b *testing.B) {
	s := openToRead(b, *readEvents)
	for b.Loop() {
		n := 0
		for _, err := range s.Subscribe(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == *readEvents {
				break
			}
		}
	}
	b.ReportMetric(float64(*readEvents*b.N)/b.Elapsed().Seconds(), "events/s")
}

// neighbourTask appends an event each time that it is told to, and answers with the time at which that was acknowledged.
const neighbourTask = "neighbour"

// startNeighbour starts a process with a store of its own on the schema of s. It ends with the benchmark.
func startNeighbour(b *testing.B, s *store) *worker.Process {
	b.Helper()
	return startWorker(b, neighbourTask, assignment{URL: pgtest.URL(b), Schema: s.schema})
}

func runNeighbour(ctx context.Context, link *worker.Link) (err error) {
	var a assignment
	if err := link.Receive(&a); err != nil {
		return err
	}
	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: a.URL, Schema: a.Schema})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	if err := link.Send(true); err != nil {
		return err
	}
	for {
		var again bool
		if err := link.Receive(&again); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := store.Append(ctx, appendAnyhow("neighbour")); err != nil {
			return err
		}
		if err := link.Send(time.Now()); err != nil {
			return err
		}
	}
}
