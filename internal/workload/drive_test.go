package workload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestDriveRunsEachCommandOnce(t *testing.T) {
	const commands = 1000
	var seen [commands]atomic.Int32
	var told atomic.Int64
	result := Drive(t.Context(), Load{Clients: 7, Commands: commands, Each: func() { told.Add(1) }}, func(_ context.Context, i int) (Outcome, error) {
		seen[i].Add(1)
		return Outcome{Events: 2, Conflicts: 1}, nil
	})
	for i := range seen {
		if n := seen[i].Load(); n != 1 {
			t.Fatalf("command %d ran %d times", i, n)
		}
	}
	if result.Clients != 7 || result.Commands != commands || result.Events != 2*commands || result.Conflicts != commands {
		t.Errorf("%+v", result)
	}
	if told.Load() != commands {
		t.Errorf("told of %d commands, want %d", told.Load(), commands)
	}
}

func TestDriveCountsWhatBecameOfCommands(t *testing.T) {
	failure := errors.New("no database")
	result := Drive(t.Context(), Load{Commands: 10}, func(_ context.Context, i int) (Outcome, error) {
		switch i % 5 {
		case 0:
			return Outcome{}, ErrOutOfStock
		case 1:
			return Outcome{Conflicts: 3}, failure
		default:
			return Outcome{Events: 1}, nil
		}
	})
	if result.Commands != 6 || result.Events != 6 || result.Refusals != 2 || result.Errors != 2 || result.Conflicts != 6 || result.Err != failure {
		t.Errorf("%+v", result)
	}
	if got := result.SuccessRate(); got != 0.75 {
		t.Errorf("success rate %v, want 6 of 8", got)
	}
}

func TestDriveMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := Drive(t.Context(), Load{Clients: 2, Commands: 10}, func(_ context.Context, i int) (Outcome, error) {
			time.Sleep(time.Duration(i+1) * time.Millisecond)
			if i == 9 {
				return Outcome{}, ErrOutOfStock // takes longest, and is not counted
			}
			return Outcome{Events: 2}, nil
		})
		want := Latency{Min: time.Millisecond, P50: 5 * time.Millisecond, P95: 9 * time.Millisecond, P99: 9 * time.Millisecond, Max: 9 * time.Millisecond}
		if result.Latency != want {
			t.Errorf("%+v, want %+v", result.Latency, want)
		}
		if took := 30 * time.Millisecond; result.Took != took { // 1+3+5+7+9 and 2+4+6+8+10
			t.Errorf("took %s, want %s", result.Took, took)
		}
		if got := result.CommandsPerSecond(); got != 300 {
			t.Errorf("%v commands/s, want 300", got)
		}
		if got := result.EventsPerSecond(); got != 600 {
			t.Errorf("%v events/s, want 600", got)
		}
	})
}

func TestDriveEndsWithItsContextAndLeavesNoCommandHalfDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var begun sync.WaitGroup
	begun.Add(3)
	result := Drive(ctx, Load{Clients: 3}, func(ctx context.Context, _ int) (Outcome, error) {
		begun.Done()
		begun.Wait()
		cancel()
		return Outcome{}, ctx.Err()
	})
	if result.Commands != 3 || result.Err != nil {
		t.Errorf("%+v, want the three commands that had begun", result)
	}
}

func TestNothingHasNoFigures(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := Drive(ctx, Load{Clients: 3}, nil)
	if result.Commands != 0 || result.SuccessRate() != 0 || result.Latency != (Latency{}) {
		t.Errorf("%+v", result)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		n     int
		share float64
		want  time.Duration
	}{
		{1, 0.50, 1}, {1, 0.99, 1}, {2, 0.50, 1}, {3, 0.50, 2}, {100, 0.50, 50}, {100, 0.95, 95}, {100, 0.99, 99}, {10, 0.95, 10},
	} {
		if got := percentile(hundred[:test.n], test.share); got != test.want {
			t.Errorf("%v of 1..%d: %d, want %d", test.share, test.n, got, test.want)
		}
	}
}
