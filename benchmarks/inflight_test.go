package benchmarks

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkInFlight shows what k commits in flight bring: in turn with a store that has one in flight, of whose rate x-one is the
// multiple. At k=1 both are the same, and x-one shows the noise.
func BenchmarkInFlight(b *testing.B) {
	for _, clients := range []int{10, 100, 1000, 4000} {
		for k := 1; k <= 4; k++ {
			b.Run(fmt.Sprintf("clients=%d/k=%d", clients, k), func(b *testing.B) {
				several := openContestant(b, groupcommit.Config{InFlight: k}, clients)
				one := openContestant(b, groupcommit.Config{InFlight: 1}, clients)
				compare(b, several, one, "x-one")
			})
		}
	}
}
