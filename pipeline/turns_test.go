package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// process is a pipeline among others on one log, each append to which takes a while.
type process struct {
	*pipeline.Pipeline
	turns   *countedTurns
	commits []int // commands of each
}

// countedTurns counts how often the turn was taken, and fails to take it as often as it is told to.
type countedTurns struct {
	*memlog.Process
	took     int
	failures int
}

var errNoTurn = errors.New("no turn today")

func (c *countedTurns) Take(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	if c.failures > 0 {
		c.failures--
		return committer.Snapshot{}, &committer.Failure{Class: committer.Transient, Row: -1, Err: errNoTurn}
	}
	c.took++
	return c.Process.Take(ctx, query)
}

// slow is a log on which every commit takes a while.
type slow struct{ *memlog.Log }

const appendTime = 5 * time.Millisecond

func (s slow) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	time.Sleep(appendTime)
	return s.Log.Append(ctx, commit, link)
}

// startProcess starts a pipeline that must never be refused by the log. It is closed when the test ends.
func startProcess(t *testing.T, log *memlog.Log) *process {
	p := &process{turns: &countedTurns{Process: log.Process()}}
	p.Pipeline = pipeline.New(pipeline.Config{Committer: committer.Config{
		Turns: p.turns,
		Hooks: committer.Hooks{
			Committed: func(c committer.CommitInfo) { p.commits = append(p.commits, c.Commands) },
			Failed: func(class committer.Class, err error) {
				if !errors.Is(err, errNoTurn) && !errors.Is(err, command.ErrClosed) {
					t.Errorf("%v: %v", class, err)
				}
			},
		},
	}}, slow{log})
	return p
}

func (p *process) close(t *testing.T) {
	t.Helper()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func (p *process) append(t *testing.T) {
	t.Helper()
	if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// While another process has the turn nothing is sent, and what is submitted gathers.
func TestCommandsGatherUntilTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		other, p := log.Process(), startProcess(t, log)
		if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
			t.Fatal(err)
		}
		var futures []*pipeline.Future
		for range 5 {
			futures = append(futures, p.Submit(t.Context(), one))
			time.Sleep(20 * time.Millisecond)
		}
		for _, f := range futures {
			if _, err := f.Result(); !errors.Is(err, command.ErrPending) {
				t.Errorf("told %v out of turn", err)
			}
		}
		other.Pass(t.Context())
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if len(p.commits) != 1 || p.commits[0] != 5 {
			t.Errorf("commits of %v commands, want one of 5", p.commits)
		}
		p.close(t)
	})
}

// Busy processes have turns alike, of several commits each, and are never refused.
func TestBusyProcessesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, lasting = 10, 10 * time.Second
		log := memlog.New()
		processes := []*process{startProcess(t, log), startProcess(t, log), startProcess(t, log)}
		start := time.Now()
		answered := make([]atomic.Int64, len(processes))
		for i, p := range processes {
			for range clients {
				go func() {
					for time.Since(start) < lasting {
						p.append(t)
						answered[i].Add(1)
					}
				}()
			}
		}
		time.Sleep(lasting + time.Second)
		synctest.Wait()
		total := int64(0)
		for i := range answered {
			total += answered[i].Load()
		}
		for i, p := range processes {
			if share := answered[i].Load(); share < total/4 {
				t.Errorf("process %d: %d of %d commands", i, share, total)
			}
			if took := p.turns.took; took < 20 || len(p.commits) < 5*took {
				t.Errorf("process %d: %d commits in %d turns", i, len(p.commits), took)
			}
			p.close(t)
		}
	})
}

// Who is alone keeps the turn from one command to the next, and gives it back when there is nothing to do for long.
func TestTurnIsKeptAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startProcess(t, memlog.New())
		for range 10 {
			p.append(t)
			time.Sleep(200 * time.Millisecond)
		}
		if p.turns.took != 1 {
			t.Errorf("took %d turns, want 1", p.turns.took)
		}
		time.Sleep(2 * time.Second)
		if awaited, err := p.turns.Awaited(t.Context()); err == nil {
			t.Errorf("still has the turn, awaited: %t", awaited)
		}
		p.append(t)
		if p.turns.took != 2 {
			t.Errorf("took %d turns, want 2", p.turns.took)
		}
		p.close(t)
	})
}

// In company nobody keeps the turn without work: the next one does not wait for the holder to look around.
func TestTurnIsNotKeptInCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		a, b := startProcess(t, log), startProcess(t, log)
		for range 2 { // to get to know each other
			a.append(t)
			b.append(t)
		}
		for range 10 {
			for _, p := range []*process{a, b} {
				start := time.Now()
				p.append(t)
				if took := time.Since(start); took != appendTime {
					t.Errorf("took %v, want %v", took, appendTime)
				}
			}
		}
		a.close(t)
		b.close(t)
	})
}

// The turn is lost with commits in flight: they stand, and it is taken again before anything else is sent.
func TestTurnLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		p := startProcess(t, log)
		p.append(t)
		for round := range 20 {
			f := p.Submit(t.Context(), one)
			time.Sleep(appendTime / 2)
			p.turns.Process.Pass(t.Context()) // as the end of its session does
			other := log.Process()
			if _, err := f.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * 50 * time.Millisecond) // it has looked around
			if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
				t.Fatal(err)
			}
			held := p.Submit(t.Context(), one)
			time.Sleep(time.Second)
			if _, err := held.Result(); !errors.Is(err, command.ErrPending) {
				t.Errorf("round %d: told %v out of turn", round, err)
			}
			other.Pass(t.Context())
			if _, err := held.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		p.close(t)
	})
}

// When the turn cannot be had for a while, commands wait; when it cannot be had for long, they hear why.
func TestTurnFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := startProcess(t, memlog.New())
		p.turns.failures = 5
		p.append(t)
		p.close(t)

		p = startProcess(t, memlog.New())
		p.turns.failures = 1_000_000
		start := time.Now()
		_, err := p.Submit(t.Context(), one).Wait(t.Context())
		if took := time.Since(start); took < 30*time.Second || took > 32*time.Second {
			t.Errorf("told after %v, want 30 s", took)
		}
		if !errors.Is(err, command.ErrNotWritten) || !errors.Is(err, errNoTurn) {
			t.Errorf("got %v", err)
		}
		p.close(t)
	})
}

// Who has to wait before trying again does not make the others wait.
func TestTurnIsNotKeptInTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		busy := newHeld() // whose commits never come to anything
		busy.Log = log
		troubled := pipeline.New(pipeline.Config{Committer: committer.Config{Turns: log.Process(), RetryFor: 21 * time.Second}}, busy)
		f := troubled.Submit(t.Context(), one)
		synctest.Wait()
		p := startProcess(t, log)
		start := time.Now()
		p.append(t)
		if took := time.Since(start); took > 8*time.Second { // an attempt may take a third of RetryFor
			t.Errorf("waited %v for the turn", took)
		}
		if _, err := f.Result(); !errors.Is(err, command.ErrPending) {
			t.Errorf("told %v while it tries again", err)
		}
		close(busy.free)
		if _, err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		p.close(t)
		if err := troubled.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The pipeline is closed while it waits for the turn.
func TestCloseBeforeTheTurn(t *testing.T) {
	for _, patient := range []bool{true, false} {
		t.Run(fmt.Sprint("patient=", patient), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := memlog.New()
				other, p := log.Process(), startProcess(t, log)
				if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
					t.Fatal(err)
				}
				f := p.Submit(t.Context(), one)
				synctest.Wait()
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
				defer cancel()
				if patient {
					time.AfterFunc(time.Second/2, func() { other.Pass(t.Context()) })
				}
				err := p.Close(ctx)
				_, verdict := f.Result()
				if patient && (err != nil || verdict != nil) {
					t.Errorf("closed with %v, told %v", err, verdict)
				}
				if !patient && (!errors.Is(err, errGone) || !errors.Is(verdict, command.ErrNotWritten)) {
					t.Errorf("closed with %v, told %v", err, verdict)
				}
			})
		})
	}
}
