package projection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// progress tells who waits in this process how far the projections are that run here.
type progress struct {
	mu      sync.Mutex       // guards all below
	at      map[string]int64 // 0 for what does not run here
	changed chan struct{}    // closed at the next change; nil while nobody waits
}

func (p *progress) reach(name string, position int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = map[string]int64{}
	}
	p.at[name] = position
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// wait returns when the projection has reached the position here, or a tick has come, or with the error of ctx.
func (p *progress) wait(ctx context.Context, name string, position int64, tick <-chan time.Time) error {
	for {
		at, changed := p.of(name)
		if at >= position {
			return nil
		}
		select {
		case <-changed:
		case <-tick:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *progress) of(name string) (position int64, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.at[name], p.changed
}

// waitPoll is how often WaitFor looks for what other processes have done.
const waitPoll = 20 * time.Millisecond

// WaitFor returns when the live version of a projection has taken in everything up to a position, in whichever process it runs: what a command
// wrote can be read then, when position is its Result.Last. It returns a *StoppedError when the projection has given up before, and when ctx
// ends an error that wraps its cause.
func (r *Runner) WaitFor(ctx context.Context, name string, position int64) error {
	poll := time.NewTicker(waitPoll)
	defer poll.Stop()
	for {
		at, err := r.liveAt(ctx, name)
		if at >= position && err == nil {
			return nil
		}
		if err == nil {
			err = r.progress.wait(ctx, name, position, poll.C)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("projection: waiting for %s to reach position %d, it was at %d: %w", name, position, at, context.Cause(ctx))
		}
		if err != nil {
			return err
		}
	}
}

func (r *Runner) liveAt(ctx context.Context, name string) (position int64, err error) {
	var version int
	var stopped bool
	var failure string
	const query = "SELECT position, version, stopped, coalesce(error, '') FROM %s.projections WHERE name = $1 AND live"
	err = r.pool.QueryRow(ctx, r.sql(query), name).Scan(&position, &version, &stopped, &failure)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil // it may begin yet
	case err == nil && stopped:
		return position, &StoppedError{Name: name, Version: version, After: position, Err: errors.New(failure)}
	}
	return position, err
}
