package benchmarks

import (
	"fmt"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// BenchmarkReadStream reads a stream from its beginning, over and over: ns/op is the time that a caller waits for all of it.
func BenchmarkReadStream(b *testing.B) {
	for _, length := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprintf("events=%d", length), func(b *testing.B) {
			past := history{streams: 1, length: length}
			s := openBehind(b, past, groupcommit.Config{}, 0)
			for b.Loop() {
				if n := drain(b, s.ReadStream(b.Context(), past.name(0))); n != length {
					b.Fatalf("read %d events", n)
				}
			}
			b.ReportMetric(float64(length*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// readAllEvents is how long the log is that BenchmarkReadAll reads: long enough that a read takes the better part of a second.
const readAllEvents = 200_000

// BenchmarkReadAll reads a log from end to end, in turn with the server's COPY of the same rows, whose bytes are thrown away. ratio is the first as a
// part of the second: what paging, decoding and the loop cost.
func BenchmarkReadAll(b *testing.B) {
	s := openBehind(b, history{streams: readAllEvents / streamLength, length: streamLength}, groupcommit.Config{}, 0)
	rate := func(read func() int64) *contestant {
		return &contestant{turn: func(b *testing.B) float64 {
			began := time.Now()
			if n := read(); n != readAllEvents {
				b.Fatalf("read %d events", n)
			}
			return readAllEvents / time.Since(began).Seconds()
		}}
	}
	conn := pgtest.Conn(b).PgConn()
	ours := rate(func() int64 { return int64(drain(b, s.ReadAll(b.Context()))) })
	copied := rate(func() int64 {
		tag, err := conn.CopyTo(b.Context(), io.Discard, "COPY "+s.schema+".events TO STDOUT")
		if err != nil {
			b.Fatal(err)
		}
		return tag.RowsAffected()
	})
	takeTurns(b, ours, copied)
	ours.report(b, "events/s")
	copied.report(b, "copy-events/s")
	b.ReportMetric(ours.times(copied), "ratio")
}

// drain reads to the end and counts.
func drain(b *testing.B, events iter.Seq2[groupcommit.RecordedEvent, error]) (n int) {
	for _, err := range events {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	return n
}
