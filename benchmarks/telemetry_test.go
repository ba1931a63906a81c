package benchmarks

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
)

// scrapeEvery is how often the metrics are read while the benchmark runs, far more often than a Prometheus does.
const scrapeEvery = time.Second

// BenchmarkTelemetry shows what it costs to be watched: a store that counts, whose targets are judged and whose metrics are read every second, in
// turn with one that counts nothing; x-off is the multiple of its rate.
func BenchmarkTelemetry(b *testing.B) {
	for _, clients := range []int{100, ceilingClients} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			watched := openStore(b, groupcommit.Config{}, *streamCount)
			watchClosely(b, watched.Store)
			off := openContestant(b, groupcommit.Config{NoStats: true}, clients)
			compare(b, newContestant(newClients(b, clients, watched, watched.append)), off, "x-off")
		})
	}
}

// watchClosely looks at a store until the benchmark ends.
func watchClosely(b *testing.B, store *groupcommit.Store) {
	seen, err := telemetry.New(store, telemetry.Config{Interval: scrapeEvery})
	if err != nil {
		b.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for ticker := time.NewTicker(scrapeEvery); ; {
			select {
			case <-ticker.C:
				seen.WriteMetrics(io.Discard)
			case <-stop:
				ticker.Stop()
				return
			}
		}
	}()
	b.Cleanup(func() {
		close(stop)
		<-stopped
		seen.Close()
	})
}
