package benchmarks

import (
	"flag"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var readEvents = flag.Int("read", 200_000, "number of events that BenchmarkReadAll, BenchmarkReadMemory and the catch-up of BenchmarkSubscribe read")

// openToRead opens a store on a log of so many events, in streams of ten.
func openToRead(tb testing.TB, events int) *store {
	tb.Helper()
	return openBehind(tb, history{streams: events / 10, length: 10}, groupcommit.Config{}, 0)
}

// count goes through a sequence.
func count(tb testing.TB, events iter.Seq2[groupcommit.RecordedEvent, error]) (n int) {
	tb.Helper()
	for _, err := range events {
		if err != nil {
			tb.Fatal(err)
		}
		n++
	}
	return n
}

// perSecond is the rate at which a function goes through so many events.
func perSecond(events int, through func()) float64 {
	began := time.Now()
	through()
	return float64(events) / time.Since(began).Seconds()
}

// BenchmarkReadStream reads one of many streams of this length from its start.
func BenchmarkReadStream(b *testing.B) {
	for _, length := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("events=%d", length), func(b *testing.B) {
			past := history{streams: max(200_000/length, 2), length: length}
			s := openBehind(b, past, groupcommit.Config{}, 0)
			for b.Loop() {
				stream := past.name(rand.IntN(past.streams))
				if n := count(b, s.ReadStream(b.Context(), stream)); n != length {
					b.Fatalf("stream %s has %d events, want %d", stream, n, length)
				}
			}
			b.ReportMetric(float64(length*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkReadAll reads the whole log, in turn with what the database itself can give: COPY of the same rows, thrown away as it comes, as text and
// in binary. ratio is ours as a part of the faster of the two: the median over all rounds.
func BenchmarkReadAll(b *testing.B) {
	s := openToRead(b, *readEvents)
	ours := &contestant{turn: func(b *testing.B) float64 {
		return perSecond(*readEvents, func() {
			if n := count(b, s.ReadAll(b.Context())); n != *readEvents {
				b.Fatalf("%d events, want %d", n, *readEvents)
			}
		})
	}}
	copies := []*contestant{copyOut(b, s, "text"), copyOut(b, s, "binary")}
	takeTurns(b, ours, copies[0], copies[1])
	ours.report(b, "events/s")
	b.ReportMetric(median(fastest(copies)), "copy-events/s")
	b.ReportMetric(ours.times(copies...), "ratio")
}

// copyOut has the server send all events of a store.
func copyOut(b *testing.B, s *store, format string) *contestant {
	conn := pgtest.Conn(b).PgConn()
	sql := fmt.Sprintf("COPY %s.events TO STDOUT (FORMAT %s)", s.schema, format)
	return &contestant{turn: func(b *testing.B) float64 {
		return perSecond(*readEvents, func() {
			if tag, err := conn.CopyTo(b.Context(), io.Discard, sql); err != nil || tag.RowsAffected() != int64(*readEvents) {
				b.Fatalf("%v, %v; want %d rows", tag, err, *readEvents)
			}
		})
	}}
}

// BenchmarkReadMemory reads the whole log and reports the live heap after a sixth of it (first-MB) and at the end (last-MB).
func BenchmarkReadMemory(b *testing.B) {
	s := openToRead(b, *readEvents)
	for b.Loop() {
		n, first := 0, uint64(0)
		for _, err := range s.ReadAll(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			switch n++; n {
			case *readEvents / 6:
				first = liveHeap()
			case *readEvents:
				b.ReportMetric(megabytes(first), "first-MB")
				b.ReportMetric(megabytes(liveHeap()), "last-MB")
			}
		}
		if n != *readEvents {
			b.Fatalf("%d events, want %d", n, *readEvents)
		}
	}
	b.ReportMetric(float64(*readEvents*b.N)/b.Elapsed().Seconds(), "events/s")
}
