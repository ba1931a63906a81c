package benchmarks

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkTrickle is n mostly idle processes on one store, each with 100 commands a second that come at random times, whether or not
// those before are answered. Latencies are over the commands of all processes, from when a command was due. An operation is five seconds.
//
// With ten processes 95 of 100 commands should be answered within 25 ms.
func BenchmarkTrickle(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) { benchmarkTrickle(b, n) })
	}
}

func benchmarkTrickle(b *testing.B, n int) {
	f := startFleet(b, n, assignment{Streams: 1000, Clients: 100, PerSecond: 100})
	f.warmUp, f.time = time.Second, 5*time.Second
	var rates []float64
	for b.Loop() {
		rates = append(rates, f.turn(b))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(rates), "commands/s")
	f.report(b, 50, 95, 99)
}
