package decider_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/pipeline"
)

// closeStuck closes a process that cannot come to its end, for ever or for as long as the context that is given to Close and a while more.
func closeStuck(t *testing.T, p *pipeline.Pipeline, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	if err := p.Close(ctx); !errors.Is(err, want) {
		t.Errorf("Close: %v, want %v", err, want)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Close took %v", took)
	}
}

// A folding aside that does not return in time holds up neither Close nor what waits behind it. What becomes of it later changes nothing.
func TestFoldingAsideThatNeverReturns(t *testing.T) {
	for name, test := range map[string]struct {
		takes time.Duration // 0: for ever
		want  error
	}{
		"for ever":       {0, pipeline.ErrStuck},
		"for long":       {time.Hour, pipeline.ErrStuck},
		"a bit too long": {1050 * time.Millisecond, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := written(t, 1, 1)
				p := process(memory, memory, committer.Config{Turns: memory.Process()})
				returning := make(chan struct{})
				if test.takes > 0 {
					time.AfterFunc(test.takes, func() { close(returning) })
				}
				a := decider.New(func(a account, e groupcommit.RecordedEvent) (account, error) { <-returning; return evolve(a, e) }).At("a")
				asking := func() *pipeline.Future {
					return decider.Submit(t.Context(), p, func(d *decider.Decision) error { a.State(d); a.Append(d, move(1)); return nil })
				}
				stuck := []*pipeline.Future{asking(), asking()}
				synctest.Wait()
				closeStuck(t, p, test.want)
				for _, f := range stuck {
					if _, err := f.Result(); !errors.Is(err, groupcommit.ErrNotWritten) {
						t.Errorf("got %v", err)
					}
				}
				if test.takes == 0 {
					close(returning)
				}
				time.Sleep(2 * test.takes)
				synctest.Wait()
				if version, err := memory.StreamVersion(t.Context(), "a"); version != 1 || err != nil {
					t.Errorf("version %d, %v", version, err)
				}
			})
		})
	}
}

// A snapshot that is never encoded does not hold up Close.
func TestCodecThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openWith(t, &shelf{end: committer.Point{Position: 10}}, 10)
		returning := make(chan struct{})
		defer close(returning)
		codec := decider.Codec(func(int) ([]byte, error) { <-returning; return nil, errPoor }, func([]byte) (int, error) { return 0, errPoor })
		if n := count(t, p, counting(decider.Snapshots[int]("counter", 1, 1), codec)); n != 10 {
			t.Errorf("the state is %d", n)
		}
		synctest.Wait()
		closeStuck(t, p, pipeline.ErrStuck)
	})
}

// Whoever saves snapshots is not left behind with a decision that never returns.
func TestSavingEndsWithAStuckProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openWith(t, &shelf{end: committer.Point{Position: 10}, saved: make(chan committer.StateSnapshot)}, 10)
		count(t, p, counting(decider.Snapshots[int]("counter", 1, 1))) // nobody takes the snapshot: it is being saved until that is given up
		returning := make(chan struct{})
		defer close(returning)
		decider.Submit(t.Context(), p, func(*decider.Decision) error { <-returning; return nil })
		synctest.Wait()
		closeStuck(t, p, pipeline.ErrStuck)
	})
}
