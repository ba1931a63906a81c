package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkInMemory is BenchmarkClients without a database: what the library itself costs, and what a unit test on OpenInMemory can
// expect.
func BenchmarkInMemory(b *testing.B) {
	for _, clients := range []int{1, 10, 50, 100} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := openInMemory(b, groupcommit.Config{}, *streamCount)
			runLoad(b, s, newClients(b, clients, s, s.append))
		})
	}
}
