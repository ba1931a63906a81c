package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// watchedTurns counts how often the holder has looked around, which may be made to hang.
type watchedTurns struct {
	*memlog.Process
	looks atomic.Int64
	hangs atomic.Bool
}

func (w *watchedTurns) Awaited(ctx context.Context) (bool, error) {
	w.looks.Add(1)
	if w.hangs.Load() {
		<-ctx.Done()
		return false, context.Cause(ctx)
	}
	return w.Process.Awaited(ctx)
}

// A committer that is busy for a while does not keep its process from looking around: others could take it for dead.
func TestBusyHolderLooksAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy = 5 * time.Second
		log := memlog.New()
		turns := &watchedTurns{Process: log.Process()}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Turns: turns,
			Hooks: committer.Hooks{Committed: func(committer.CommitInfo) { time.Sleep(busy) }},
		}}, log)
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if looks := turns.looks.Load(); looks < 90 {
			t.Errorf("looked around %d times in %v", looks, busy)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A committer that is stuck, here in a hook, does not keep the others from writing for ever.
func TestStuckHolderGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		stuck := make(chan struct{})
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Turns:          log.Process(),
			AttemptTimeout: 3 * time.Second,
			Hooks:          committer.Hooks{Committed: func(committer.CommitInfo) { <-stuck }},
		}}, log)
		f := p.Submit(t.Context(), one)
		synctest.Wait()
		other := startProcess(t, log)
		other.append(t)
		close(stuck)
		if _, err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		other.close(t)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// refusing is a slow log that does not accept a stream, and does not say which it was.
type refusing struct{ slow }

var errRefused = errors.New("no such thing is accepted here")

func (r refusing) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	for i := range commit.Rows {
		if strings.HasPrefix(commit.Rows[i].Stream, "bad") {
			time.Sleep(appendTime)
			return &committer.Failure{Class: committer.Refused, Row: -1, Err: errRefused}
		}
	}
	return r.slow.Append(ctx, commit, link)
}

// To find the bad commands of a batch takes many attempts. Others have the turn in between.
func TestTurnIsPassedBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Turns: log.Process()}}, refusing{slow{log}})
		var futures []*pipeline.Future
		bad := command.To("bad", command.Any, command.Event{Type: "Happened"})
		for range 200 {
			futures = append(futures, p.Submit(t.Context(), bad))
		}
		time.Sleep(10 * appendTime)
		other := startProcess(t, log)
		other.append(t)
		if _, err := futures[len(futures)-1].Result(); !errors.Is(err, command.ErrPending) {
			t.Errorf("the other process had to wait until all were told: %v", err)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		for _, f := range futures {
			if _, err := f.Result(); !errors.Is(err, errRefused) {
				t.Errorf("got %v", err)
			}
		}
		other.close(t)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Who has lost the turn to another process finds out by the first refusal.
func TestTurnLostUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rounds = 20
		log := memlog.New()
		var moved, answered [2]atomic.Int64
		var processes [2]*pipeline.Pipeline
		var turns [2]*memlog.Process
		for i := range processes {
			turns[i] = log.Process()
			processes[i] = pipeline.New(pipeline.Config{Committer: committer.Config{
				Turns: turns[i],
				Hooks: committer.Hooks{Failed: func(class committer.Class, err error) {
					if class == committer.Moved {
						moved[i].Add(1)
					} else {
						t.Errorf("%v: %v", class, err)
					}
				}},
			}}, slow{log})
		}
		ctx, stop := context.WithCancel(t.Context())
		for i, p := range processes {
			for range 10 {
				go func() {
					for ctx.Err() == nil {
						if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
							t.Error(err)
						}
						answered[i].Add(1)
					}
				}()
			}
		}
		for range rounds {
			time.Sleep(330 * time.Millisecond)
			for _, turn := range turns {
				turn.Pass(t.Context()) // as the end of its session does, whoever has it
			}
		}
		stop()
		for i, p := range processes {
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			t.Logf("process %d: %d answered, %d refused", i, answered[i].Load(), moved[i].Load())
		}
		const inFlight = 2 * 3 // commits of both, which may all have to be judged again
		if refused := moved[0].Load() + moved[1].Load(); refused > inFlight*rounds {
			t.Errorf("%d commits were refused for %d lost turns", refused, rounds)
		}
	})
}

// Close that has no patience does not wait for a look around that is not answered. That cuts off no command.
func TestCloseWhileLookingAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		turns := &watchedTurns{Process: log.Process()}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Turns: turns}}, log)
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		turns.hangs.Store(true)
		time.Sleep(100 * time.Millisecond)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errGone)
		start := time.Now()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// cutTurns loses the turn while it says that somebody waits: an answer may be cut off behind its one row.
type cutTurns struct {
	*memlog.Process
	t    *testing.T
	lost atomic.Bool
}

func (c *cutTurns) Awaited(ctx context.Context) (bool, error) {
	<-ctx.Done()
	c.lost.Store(true)
	return true, context.Cause(ctx)
}

func (c *cutTurns) Pass(ctx context.Context) {
	if c.lost.Load() {
		c.t.Error("a turn was passed on after its loss was told")
	}
	c.Process.Pass(ctx)
}

// A turn that is lost is not passed on: there is no session any more to do it over.
func TestLostTurnIsNotPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		turns := &cutTurns{Process: log.Process(), t: t}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Turns: turns, AttemptTimeout: 3 * time.Second}}, log)
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		time.Sleep(4 * time.Second)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// deafTurns lets nobody have the turn.
type deafTurns struct{ *memlog.Process }

func (deafTurns) Take(ctx context.Context, _ committer.Query) (committer.Snapshot, error) {
	<-ctx.Done()
	return committer.Snapshot{}, &committer.Failure{Class: committer.Transient, Row: -1, Err: context.Cause(ctx)}
}

// Patience begins with the first turn that is not got, and hooks hear of each.
func TestTurnIsNeverGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		failures := 0
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Turns:          deafTurns{log.Process()},
			RetryFor:       30 * time.Second,
			AttemptTimeout: 10 * time.Second,
			Hooks:          committer.Hooks{Failed: func(committer.Class, error) { failures++ }},
		}}, log)
		start := time.Now()
		if _, err := p.Submit(t.Context(), one).Wait(t.Context()); !errors.Is(err, command.ErrNotWritten) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); failures != 4 || took > 45*time.Second {
			t.Errorf("%d failures in %v", failures, took)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
