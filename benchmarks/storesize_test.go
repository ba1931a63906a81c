package benchmarks

import (
	"flag"
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var storeSize = flag.Int("storesize", 100_000, "the largest log, in events, that BenchmarkStoreSize works behind: up to 10000000")

const (
	storeSizeClients = 1000
	streamLength     = 10 // of the streams of a log that is there already
)

// BenchmarkStoreSize shows how throughput depends on the size of the log: in turn with a store that begins with nothing, of whose
// rate ratio is the multiple. Both work on as many streams, which they know; those of the large log are some of the many that it has.
// At events=0 both are the same, and ratio shows the noise. With -storesize=10000000 it goes up to ten million events, for which it needs
// some minutes and gigabytes. The role must be one that may CHECKPOINT.
func BenchmarkStoreSize(b *testing.B) {
	for _, events := range []int{0, 100_000, 1_000_000, 10_000_000} {
		if events > *storeSize {
			break
		}
		b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
			large := openBehind(b, history{streams: events / streamLength, length: streamLength}, groupcommit.Config{}, *streamCount)
			empty := openStore(b, groupcommit.Config{}, len(large.streams))
			pgtest.Exec(b, "CHECKPOINT")
			compare(b,
				newContestant(newClients(b, storeSizeClients, large, large.append)),
				newContestant(newClients(b, storeSizeClients, empty, empty.append)), "ratio")
		})
	}
}
