package telemetry

import (
	"runtime"
	"testing"
)

func TestUsage(t *testing.T) {
	before := measureUsage()
	if before.memory == 0 || before.processors != runtime.GOMAXPROCS(0) {
		t.Errorf("got %+v", before)
	}
	for runtime.GOOS != "windows" && measureUsage().cpu <= before.cpu { // asking takes a processor, too
	}
}
