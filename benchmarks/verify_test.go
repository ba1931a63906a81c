package benchmarks

import (
	"flag"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var verifyEvents = flag.Int("verify", 200_000, "number of events that BenchmarkVerify verifies, at least")

// BenchmarkVerify verifies a log, as often as there is time.
func BenchmarkVerify(b *testing.B) {
	s := openStore(b, groupcommit.Config{}, *streamCount)
	events := len(s.streams)
	for version := int64(1); events < *verifyEvents; version++ {
		s.appendToAll(b, version)
		events += len(s.streams)
	}
	vacuum(b, pgtest.Conn(b), s.schema)
	for b.Loop() {
		report, err := s.Verify(b.Context())
		if err != nil || !report.Sound() || report.Events != int64(events) {
			b.Fatalf("%d events, %d findings, %v", report.Events, report.Damages, err)
		}
	}
	b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
}

// appendToAll appends an event behind this version of every stream.
func (s *store) appendToAll(b *testing.B, version int64) {
	futures := make([]*groupcommit.Future, len(s.streams))
	for i, stream := range s.streams {
		futures[i] = s.Submit(b.Context(), appendTo(stream, version))
	}
	if _, err := groupcommit.WaitAll(b.Context(), futures...); err != nil {
		b.Fatal(err)
	}
}
