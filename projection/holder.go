package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// holder is a task that has its turn: it has a session with the advisory lock of its name. It belongs to one goroutine. A session that is
// still for too long is ended by the server, and the lock with it; and so nothing can be written any more by a process that was stopped and wakes.
type holder struct {
	*Runner
	*task
	conn    *pgx.Conn
	at      groupcommit.Checkpoint // saved
	pending groupcommit.Checkpoint // done, or of no interest; not before at
	unsaved int                    // events between them
	live    bool                   // when it last moved
}

// hold waits for the turn and uses it until the session is lost, or the task ends.
func (r *Runner) hold(ctx context.Context, t *task) error {
	h := &holder{Runner: r, task: t}
	if err := h.connect(ctx); err != nil {
		return fmt.Errorf("projection: connecting: %w", oneline.Of(err))
	}
	defer h.disconnect(ctx)
	if err := h.check(ctx); err != nil { // at once, and not when the turn comes
		return err
	}
	if err := h.take(ctx); err != nil {
		return fmt.Errorf("projection: waiting for the turn: %w", err)
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	defer h.progress.forget(h.name, h.version) // from then on others move it
	defer h.leave(ctx)
	return h.work(ctx)
}

func (h *holder) check(ctx context.Context) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	return h.checkOthers(ctx, h.conn, h.task)
}

// start finds where to go on.
func (h *holder) start(ctx context.Context) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	row, err := h.begin(ctx, h.conn, h.task)
	if err != nil {
		return err
	}
	h.begun = true
	h.at, h.pending, h.live = row.Checkpoint, row.Checkpoint, row.live
	if h.trouble.at != h.at { // somebody else got over it
		h.trouble = trouble{}
	}
	h.reached()
	return nil
}

// reached tells who waits here.
func (h *holder) reached() {
	if h.live {
		h.progress.reach(h.name, h.version, h.at.Position)
	}
}

// work follows the log, and goes on after what has failed. It gives up only while the session lasts, so that it speaks for nobody else.
func (h *holder) work(ctx context.Context) error {
	for pause := firstPause; ; pause = longer(pause) {
		if stopped := h.trouble.stopped; stopped != nil {
			h.note(ctx, stopped.Err, true)
			return stopped
		}
		before := h.pending
		err := h.follow(ctx)
		if ctx.Err() != nil || final(err) || errors.Is(err, errFenced) {
			return err
		}
		waits := h.judge(err)
		if h.conn.IsClosed() {
			return err
		}
		if !waits || h.pending != before {
			pause = firstPause
		}
		if !waits {
			continue
		}
		if err := h.rest(ctx, pause, err); err != nil {
			return err
		}
	}
}

// rest tells of a failure, and lets a while pass before the next attempt.
func (h *holder) rest(ctx context.Context, pause time.Duration, failure error) error {
	h.config.Logger.Warn("projection failed", "projection", h.title(), "after", h.pending.Position, "error", failure)
	h.note(ctx, failure, false)
	return h.pause(ctx, pause)
}

// pause waits, and shows the server that it is alive.
func (h *holder) pause(ctx context.Context, pause time.Duration) error {
	for until := time.Now().Add(pause); time.Now().Before(until) && ctx.Err() == nil; {
		wait(ctx, min(time.Until(until), h.options.Timeout/2))
		if err := h.ping(ctx); err != nil {
			return err
		}
	}
	return nil
}

// note writes an error down.
func (h *holder) note(ctx context.Context, failure error, stopped bool) {
	ctx, cancel := outlive(ctx)
	defer cancel()
	ctx, cancel = h.limit(ctx)
	defer cancel()
	const update = "UPDATE %s.projections SET error = $3, error_at = now(), stopped = $4 WHERE name = $1 AND version = $2"
	if _, err := h.conn.Exec(ctx, h.sql(update), h.name, h.version, words(failure), stopped); err != nil {
		h.config.Logger.Warn("the failure of a projection could not be written down", "projection", h.title(), "error", err)
	}
}

// leave saves the checkpoint of a handler at the end: so much the less is done again.
func (h *holder) leave(ctx context.Context) {
	if h.handle == nil || h.conn.IsClosed() {
		return
	}
	if err := h.save(ctx); err != nil {
		h.config.Logger.Info("a last checkpoint was not saved", "projection", h.title(), "error", err)
	}
}
