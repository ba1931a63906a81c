package projection

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// task is a member as it is run. Of apply, handle and refresh one is set. It belongs to one goroutine.
type task struct {
	kind    string
	name    string
	version int
	options Options

	apply   func(context.Context, pgx.Tx, []groupcommit.RecordedEvent) error // with the checkpoint
	handle  func(context.Context, []groupcommit.RecordedEvent) error         // before the checkpoint
	refresh func(context.Context, pgx.Tx) error                              // with the checkpoint, after any number of events
	swap    func(context.Context, pgx.Tx) error

	saveEvents int           // handled before the checkpoint is saved
	saveEvery  time.Duration // that passes before a checkpoint is saved that no transaction carries

	beside  bool // a lower version runs with it, and is the one to be live, whichever comes first
	begun   bool // it had its turn here, and a row
	trouble trouble
}

func (t *task) title() string { return title(t.name, t.version) }

// effect calls what the user gave for events.
func (t *task) effect(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
	return guard(ctx, tx, func() error {
		if t.apply != nil {
			return t.apply(ctx, tx, events)
		}
		return t.handle(ctx, events)
	})
}

// run holds a session as long as it lasts, and opens another one, until ctx ends or the task ends for good.
func (r *Runner) run(ctx context.Context, t *task) error {
	for pause := firstPause; ; pause = longer(pause) {
		begun := time.Now()
		err := r.hold(ctx, t)
		if ctx.Err() != nil {
			return nil
		}
		r.tell(ctx, t, err)
		if final(err) {
			return err
		}
		if time.Since(begun) > longestPause {
			pause = firstPause
		}
		wait(ctx, pause)
	}
}

// tell logs why a session has ended. What belongs to every deployment is no reason for an alarm.
func (r *Runner) tell(ctx context.Context, t *task, err error) {
	level, what := slog.LevelWarn, "projection failed"
	switch {
	case errors.Is(err, errFenced) || errors.Is(err, ErrReplaced) || errors.Is(err, groupcommit.ErrClosed):
		level, what = slog.LevelInfo, "projection ended"
	case final(err):
		level, what = slog.LevelError, "projection stopped"
	}
	r.config.Logger.Log(ctx, level, what, "projection", t.title(), "error", err)
}
