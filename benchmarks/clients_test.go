package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

var clientCounts = []int{1, 10, 50, 100, 1000, 4000}

// BenchmarkClients is the everyday load of a busy service: so many callers, each of which waits for the answer to its command before
// it sends the next; one event per command, at an exact version of a stream chosen at random.
func BenchmarkClients(b *testing.B) {
	for _, clients := range clientCounts {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := openStore(b, groupcommit.Config{}, *streamCount)
			runLoad(b, s, newClients(b, clients, s, s.append))
		})
	}
}
