package telemetry

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// usage is what the process takes of the machine.
type usage struct {
	memory     uint64        // in bytes
	cpu        time.Duration // since it began
	processors int           // that it may use
}

func measureUsage() usage {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return usage{
		memory:     samples[0].Value.Uint64() - samples[1].Value.Uint64(),
		cpu:        cpuTime(),
		processors: runtime.GOMAXPROCS(0),
	}
}
