package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

func newCrowd(commands int64, spent func(), do workload.Do) *crowd {
	budget := &budget{spent: spent}
	budget.left.Store(commands)
	return &crowd{do: do, budget: budget}
}

func TestCrowdHasTheSizeThatItIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Int64
		c := newCrowd(1_000_000, func() { t.Error("the budget was spent") }, func(context.Context, int) (workload.Outcome, error) {
			at.Add(1)
			defer at.Add(-1)
			time.Sleep(time.Second)
			return workload.Outcome{}, nil
		})
		for _, size := range []int{3, 10, 1, 0, 5} {
			c.resize(size)
			time.Sleep(1500 * time.Millisecond) // those that end have ended, and the others are at it
			if at.Load() != int64(size) || c.size() != size {
				t.Errorf("%d clients are at it of %d, want %d", at.Load(), c.size(), size)
			}
		}
		c.stop()
		c.resize(5)
		synctest.Wait()
		if at.Load() != 0 || c.size() != 0 {
			t.Errorf("%d clients are at it after the end", at.Load())
		}
	})
}

func TestCrowdStopsWhenItsBudgetIsSpent(t *testing.T) {
	var spent, done atomic.Int64
	c := newCrowd(100, func() { spent.Add(1) }, func(context.Context, int) (workload.Outcome, error) {
		done.Add(1)
		return workload.Outcome{}, nil
	})
	c.resize(8)
	c.running.Wait()
	c.stop()
	if done.Load() != 100 || spent.Load() != 1 {
		t.Errorf("%d commands, want 100; told %d times, want once", done.Load(), spent.Load())
	}
}

func TestCrowdRestsAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		c := newCrowd(1_000_000, func() {}, func(_ context.Context, i int) (workload.Outcome, error) {
			if i == 0 {
				return workload.Outcome{}, workload.ErrUnknownCustomer // a refusal is no failure
			}
			return workload.Outcome{}, broken
		})
		c.resize(1)
		time.Sleep(10*afterFailure + afterFailure/2)
		c.stop()
		if count, first := c.failures.get(); count != 11 || first != broken {
			t.Errorf("%d failures, the first: %v", count, first)
		}
	})
}
