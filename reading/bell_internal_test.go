package reading

import (
	"context"
	"testing"
	"testing/synctest"
)

// A bell watches while somebody follows, and not once it is stopped, whoever still follows, leaves, or begins to.
func TestBellIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, ended := 0, 0
		b := newBell(func(ctx context.Context, _ func()) {
			begun++
			<-ctx.Done()
			ended++
		})
		b.follow()
		b.follow()
		synctest.Wait()
		b.leave()
		if synctest.Wait(); begun != 1 || ended != 0 {
			t.Errorf("watched %d times, which ended %d times", begun, ended)
		}
		b.stop()
		if ended != 1 {
			t.Error("it is watched on")
		}
		b.leave()
		b.follow()
		b.leave()
		b.stop()
		if synctest.Wait(); begun != 1 {
			t.Error("it was watched again")
		}
	})
}
