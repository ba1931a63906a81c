package benchmarks

import (
	"flag"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
)

var memoryFor = flag.Duration("memory", 10*time.Second, "how long BenchmarkMemory works at a time")

// BenchmarkMemory works at 4,000 clients for a while and reports the live heap after a sixth of it (first-MB) and at the end (last-MB),
// and all memory held of the system's (sys-MB), what earlier benchmarks took and gave back not counted. With -memory=1m an operation takes a minute.
func BenchmarkMemory(b *testing.B) {
	debug.FreeOSMemory()
	s := openStore(b, groupcommit.Config{}, *streamCount)
	l := startLoad(b.Context(), newClients(b, 4000, s, s.append))
	for b.Loop() {
		l.pause(*memoryFor / 6)
		first := liveHeap()
		l.pause(*memoryFor * 5 / 6)
		last := liveHeap()
		b.ReportMetric(megabytes(first), "first-MB")
		b.ReportMetric(megabytes(last), "last-MB")
	}
	l.stop(b)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(megabytes(m.Sys-m.HeapReleased), "sys-MB")
	b.ReportMetric(float64(l.answered.Load())/b.Elapsed().Seconds(), "commands/s")
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func megabytes(bytes uint64) float64 { return float64(bytes) / 1e6 }
