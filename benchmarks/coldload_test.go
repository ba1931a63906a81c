package benchmarks

import (
	"flag"
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var coldLength = flag.Int("coldlength", 100_000, "number of events in the stream that BenchmarkColdLoad loads")

// BenchmarkColdLoad decides on a long stream that is not in memory, with a snapshot of it and without.
func BenchmarkColdLoad(b *testing.B) {
	for _, snapshot := range []bool{true, false} {
		b.Run(fmt.Sprintf("snapshot=%t", snapshot), func(b *testing.B) {
			past := history{streams: 1, length: *coldLength}
			s := openBehind(b, past, groupcommit.Config{StateStreams: 1}, 0)
			var options []decider.Option[int]
			if snapshot {
				options = append(options, decider.Snapshots[int]("counter", 1, *coldLength))
			}
			counters := decider.New(func(n int, _ groupcommit.RecordedEvent) (int, error) { return n + 1, nil }, options...)
			long, other := counters.At(past.names()[0]), counters.At("other")
			load := func(of decider.Handle[int], want int) {
				decide := func(d *decider.Decision) error {
					if n := of.State(d); n != want {
						return fmt.Errorf("%d events were folded, want %d", n, want)
					}
					return nil
				}
				if _, err := decider.Submit(b.Context(), s.Store, decide, of).Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			load(long, *coldLength)
			if snapshot {
				awaitSnapshot(b, s.schema)
			}
			for b.Loop() {
				b.StopTimer()
				load(other, 0) // takes the place of the long one in memory
				b.StartTimer()
				load(long, *coldLength)
			}
		})
	}
}

// awaitSnapshot returns when one is saved.
func awaitSnapshot(b *testing.B, schema string) {
	b.Helper()
	conn := pgtest.Conn(b)
	for saved := false; !saved; {
		if err := conn.QueryRow(b.Context(), "SELECT EXISTS (SELECT FROM "+schema+".snapshots)").Scan(&saved); err != nil {
			b.Fatal(err)
		}
	}
}
