//go:build !unix

package telemetry

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
