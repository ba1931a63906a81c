package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkBatchSize is the throughput at a given size of the batches, with always twice as much outstanding: one caller submits without
// waiting for answers, one event per command.
func BenchmarkBatchSize(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 1000, 5000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := openStore(b, groupcommit.Config{BatchCommands: batch}, *streamCount)
			w := newWindow(b, s, 2*batch)
			for range 4 * batch {
				w.turn(b)
			}
			s.commits.reset()
			b.ReportAllocs()
			for b.Loop() {
				w.turn(b)
			}
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "commands/s")
			b.ReportMetric(rate, "events/s") // one per command
			s.commits.report(b)
			w.drain(b)
		})
	}
}

// window keeps a number of commands outstanding. It is a ring: the next command takes the place of the oldest.
type window struct {
	store   *store
	hand    *hand
	futures []*groupcommit.Future
	oldest  int
}

// newWindow submits so many commands.
func newWindow(b *testing.B, s *store, size int) *window {
	hands, err := s.deal(1)
	if err != nil {
		b.Fatal(err)
	}
	w := &window{store: s, hand: hands[0], futures: make([]*groupcommit.Future, size)}
	for i := range w.futures {
		w.futures[i] = w.submit(b)
	}
	return w
}

// submit expects the version that the stream has when all commands before it are committed.
func (w *window) submit(b *testing.B) *groupcommit.Future {
	h := w.hand
	i := h.random.IntN(len(h.streams))
	f := w.store.Submit(b.Context(), appendTo(h.streams[i], h.versions[i]))
	h.versions[i]++
	return f
}

// turn waits for the oldest command and submits another one.
func (w *window) turn(b *testing.B) {
	if _, err := w.futures[w.oldest].Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	w.futures[w.oldest] = w.submit(b)
	w.oldest = (w.oldest + 1) % len(w.futures)
}

func (w *window) drain(b *testing.B) {
	if _, err := groupcommit.WaitAll(b.Context(), w.futures...); err != nil {
		b.Fatal(err)
	}
}
