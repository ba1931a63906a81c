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
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// sized is a decider whose Size does what it likes at the second move.
func sized(atSecond func()) *decider.Decider[account] {
	return decider.New(evolve, decider.Size(func(a account) int {
		if a.Moves == 2 {
			atSecond()
		}
		return 1000
	}))
}

func moveOn(ctx context.Context, store decider.Submitter, a decider.Handle[account]) *groupcommit.Future {
	return decider.Submit(ctx, store, func(d *decider.Decision) error { a.Append(d, move(1)); return nil }, a)
}

// A state whose size cannot be told is not kept, and who needs it is told.
func TestSizeThatPanics(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := sized(func() { panic("size") }).At("a")
	for range 2 {
		if _, err := moveOn(t.Context(), store, a).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := moveOn(t.Context(), store, a).Wait(t.Context()); !isPanic("size")(err) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.Exact(2), move(1))); err != nil {
		t.Fatal(err)
	}
	if result, err := moveOn(t.Context(), store, a).Wait(t.Context()); err != nil || result.Version("a") != 4 {
		t.Errorf("%+v, %v", result, err)
	}
}

// A size that takes long is told as a decision is, and one that never comes is given up with the store, with no wrong verdict.
func TestSizeThatIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memlog.New()
		told := make(chan committer.OverrunInfo, 2)
		p := process(memory, memory, committer.Config{Hooks: committer.Hooks{Overran: func(info committer.OverrunInfo) { told <- info }}})
		returning := make(chan struct{})
		a := sized(func() { <-returning }).At("a")
		if _, err := moveOn(t.Context(), p, a).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		stuck := moveOn(t.Context(), p, a)
		if info := <-told; info.Returned || info.Stream != "a" {
			t.Errorf("%+v", info)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); !errors.Is(err, pipeline.ErrStuck) {
			t.Error(err)
		}
		if _, err := stuck.Wait(t.Context()); !errors.Is(err, groupcommit.ErrNotWritten) {
			t.Errorf("got %v", err)
		}
		close(returning)
		synctest.Wait()
		if version, err := memory.StreamVersion(t.Context(), "a"); version != 1 || err != nil {
			t.Errorf("version %d, %v", version, err)
		}
	})
}
