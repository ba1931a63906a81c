package telemetry

import (
	"runtime"
	"testing"
)

func TestUsage(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the time of the processors is known on Unix only")
	}
	before := measureUsage()
	if before.cpu == 0 || before.memory == 0 || before.processors != runtime.GOMAXPROCS(0) {
		t.Fatalf("got %+v", before)
	}
	for measureUsage().cpu <= before.cpu { // asking takes a processor, too
	}
}
