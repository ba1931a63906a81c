package benchmarks

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// BenchmarkSubscribe measures how long after its acknowledgement an event is delivered to who follows the log: in the process that appends it, and
// to a reader that hears of it from the database alone, as every other process does. An operation is one event. catchup-events/s is how fast a
// subscription goes through a log that is there already.
func BenchmarkSubscribe(b *testing.B) {
	b.Run("from=store", func(b *testing.B) {
		s := openStore(b, groupcommit.Config{}, 1)
		deliveries(b, s, s.Reader.Subscribe)
	})
	b.Run("from=reader", func(b *testing.B) {
		s := openStore(b, groupcommit.Config{}, 1)
		deliveries(b, s, openReader(b, s).Subscribe)
	})
	b.Run("catchup", func(b *testing.B) {
		s := openBehind(b, history{streams: readAllEvents / streamLength, length: streamLength}, groupcommit.Config{}, 0)
		for b.Loop() {
			take(b, s.Subscribe(b.Context(), 0), readAllEvents)
		}
		b.ReportMetric(float64(readAllEvents*b.N)/b.Elapsed().Seconds(), "catchup-events/s")
	})
}

func openReader(b *testing.B, s *store) *groupcommit.Reader {
	reader, err := groupcommit.OpenReader(b.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(b), Schema: s.schema})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(reader.Close)
	return reader
}

type subscribe func(ctx context.Context, after int64, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error]

// deliveries appends one event after another and reports how long after the answer the subscription gave it. One that was given before the answer
// took no time.
func deliveries(b *testing.B, s *store, subscribe subscribe) {
	end, err := s.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	delivered := make(chan time.Time)
	go func() {
		defer close(delivered)
		for _, err := range subscribe(b.Context(), end.Position) {
			if err != nil {
				return // the benchmark has ended
			}
			delivered <- time.Now()
		}
	}()
	var took []time.Duration
	for b.Loop() {
		acknowledged := make(chan time.Time, 1)
		go func() {
			if _, err := s.Append(b.Context(), appendTo(s.streams[0], s.version)); err != nil {
				b.Error(err)
			}
			s.version++
			acknowledged <- time.Now()
		}()
		at := <-delivered
		took = append(took, max(at.Sub(<-acknowledged), 0))
	}
	slices.Sort(took)
	reportPercentiles(b, "", took, 50, 99)
}

// take takes so many events.
func take(b *testing.B, events iter.Seq2[groupcommit.RecordedEvent, error], count int) {
	for _, err := range events {
		if err != nil {
			b.Fatal(err)
		}
		if count--; count == 0 {
			return
		}
	}
}

const writeWhileReadingClients = 100

// BenchmarkWriteWhileReading shows what subscribers cost writers: so many of them follow the log, all of it, in turn with none; x-alone is the multiple
// of the rate without. lag-events is how far behind the slowest of them was at the end.
func BenchmarkWriteWhileReading(b *testing.B) {
	for _, subscribers := range []int{0, 1, 10} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			s := openStore(b, groupcommit.Config{}, *streamCount)
			ours := newContestant(newClients(b, writeWhileReadingClients, s, s.append))
			alone := *ours
			var lag atomic.Int64
			ours.turn = func(b *testing.B) float64 {
				stop := s.follow(b, subscribers, &lag)
				defer stop()
				return alone.turn(b)
			}
			compare(b, ours, &alone, "x-alone")
			b.ReportMetric(float64(lag.Load()), "lag-events")
		})
	}
}

// follow has subscribers follow the log from its end on, until stop, which notes how far behind the slowest was.
func (s *store) follow(b *testing.B, subscribers int, lag *atomic.Int64) (stop func()) {
	end, err := s.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	positions := make([]atomic.Int64, subscribers)
	var running sync.WaitGroup
	for i := range subscribers {
		positions[i].Store(end.Position)
		running.Go(func() {
			for event, err := range s.Subscribe(ctx, end.Position) {
				if err != nil {
					b.Error(err)
					return
				}
				positions[i].Store(event.Position)
			}
		})
	}
	return func() {
		end, err := s.End(b.Context())
		for i := range positions {
			lag.Store(max(lag.Load(), end.Position-positions[i].Load()))
		}
		cancel()
		running.Wait()
		if err != nil {
			b.Fatal(err)
		}
	}
}
