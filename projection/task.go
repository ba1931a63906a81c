package projection

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// task is a member as it is run. Of apply, handle and refresh one is set.
type task struct {
	name    string
	version int
	options Options

	apply   func(context.Context, pgx.Tx, []groupcommit.RecordedEvent) error // with the checkpoint
	handle  func(context.Context, []groupcommit.RecordedEvent) error         // before the checkpoint
	refresh func(context.Context, pgx.Tx) error                              // with the checkpoint, after any number of events
	swap    func(context.Context, pgx.Tx) error

	saveEvents int           // handled before the checkpoint is saved
	saveEvery  time.Duration // that passes before a checkpoint is saved that no transaction carries
}

// run holds a session as long as it lasts, and opens another one, until ctx ends or the task stops for good.
func (r *Runner) run(ctx context.Context, t *task) error {
	for pause := firstPause; ; pause = longer(pause) {
		begun := time.Now()
		err := r.hold(ctx, t)
		if ctx.Err() != nil {
			return nil
		}
		r.config.Logger.Error("projection failed", "projection", title(t.name, t.version), "error", err)
		if final(err) {
			return r.giveUp(ctx, t, err)
		}
		if !errors.Is(err, errFenced) {
			r.note(ctx, t, err, false)
		}
		if time.Since(begun) > longestPause {
			pause = firstPause
		}
		wait(ctx, pause)
	}
}

// giveUp says what a task has ended with, there and here.
func (r *Runner) giveUp(ctx context.Context, t *task, err error) error {
	if errors.Is(err, ErrReplaced) || errors.Is(err, groupcommit.ErrClosed) {
		return err
	}
	stopped, ok := errors.AsType[*StoppedError](err)
	if !ok {
		stopped = &StoppedError{Name: t.name, Version: t.version, Err: err}
		if row, found, err := r.load(ctx, r.pool, t); err == nil && found {
			stopped.After = row.Position
		}
	}
	r.note(ctx, t, stopped.Err, true)
	return stopped
}

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 10 * time.Second
)

// longer doubles a pause, more or less, so that processes which fail together do not try again together.
func longer(pause time.Duration) time.Duration {
	return min(pause+rand.N(2*pause), longestPause)
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
