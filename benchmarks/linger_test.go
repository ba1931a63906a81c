package benchmarks

import (
	"fmt"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

// BenchmarkLinger shows what the rules bring by which a batch leaves: in turn with a store of the default configuration, of whose rate
// x-default is the multiple. Without lingering and not eager, every command is a batch of its own. At linger=10ms/eager=true both are
// the same, and x-default shows the noise.
func BenchmarkLinger(b *testing.B) {
	for _, linger := range []struct {
		name string
		time time.Duration
	}{{"off", -1}, {"1ms", time.Millisecond}, {"10ms", 10 * time.Millisecond}} {
		for _, eager := range []bool{true, false} {
			for _, clients := range []int{1, 10, 100, 1000} {
				b.Run(fmt.Sprintf("linger=%s/eager=%t/clients=%d", linger.name, eager, clients), func(b *testing.B) {
					set := openContestant(b, groupcommit.Config{Linger: linger.time, NoEager: !eager}, clients)
					compare(b, set, openContestant(b, groupcommit.Config{}, clients), "x-default")
				})
			}
		}
	}
}
