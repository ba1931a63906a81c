package workload

import (
	"testing"
	"time"
)

func TestBackOffBoundDoublesUpToItsMaximum(t *testing.T) {
	bound := backOffBound(1)
	if bound != firstBackoff {
		t.Errorf("at first %s, want %s", bound, firstBackoff)
	}
	for conflicts := 2; conflicts <= maxAttempts; conflicts++ {
		want := min(2*bound, maxBackoff)
		if bound = backOffBound(conflicts); bound != want {
			t.Fatalf("after %d conflicts %s, want %s", conflicts, bound, want)
		}
	}
	if bound != maxBackoff || maxBackoff > time.Second {
		t.Errorf("in the end %s", bound)
	}
}
