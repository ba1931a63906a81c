package memlog

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/groupcommit/groupcommit/committer"
)

var _ committer.Turns = (*Process)(nil)

// Process is one of several committers that share a Log and take turns, as processes that share a database do.
type Process struct {
	*Log
	holds atomic.Bool
}

// Process is another process on the log.
func (l *Log) Process() *Process { return &Process{Log: l} }

// line is where processes wait for the turn: first come, first served.
type line struct {
	turn    *semaphore.Weighted
	waiting atomic.Int32
}

func newLine() line { return line{turn: semaphore.NewWeighted(1)} }

// Take implements committer.Turns.
func (p *Process) Take(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	p.line.waiting.Add(1)
	err := p.line.turn.Acquire(ctx, 1)
	p.line.waiting.Add(-1)
	if err != nil {
		return committer.Snapshot{}, failed(committer.Transient, context.Cause(ctx))
	}
	p.holds.Store(true)
	snapshot, err := p.Look(ctx, query)
	if err != nil {
		p.Pass(ctx)
	}
	return snapshot, err
}

// Awaited implements committer.Turns.
func (p *Process) Awaited(context.Context) (bool, error) {
	if !p.holds.Load() {
		return false, errors.New("this process does not have the turn")
	}
	return p.line.waiting.Load() > 0, nil
}

// Pass implements committer.Turns. Called by anybody else it takes the turn away, as the end of a session does.
func (p *Process) Pass(context.Context) {
	if p.holds.CompareAndSwap(true, false) {
		p.line.turn.Release(1)
	}
}
