package projection

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
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
	live    bool
}

// hold waits for the turn and uses it until something fails.
func (r *Runner) hold(ctx context.Context, t *task) error {
	h := &holder{Runner: r, task: t}
	if err := h.connect(ctx); err != nil {
		return fmt.Errorf("projection: connecting: %w", err)
	}
	defer h.disconnect(ctx)
	if err := h.take(ctx); err != nil {
		return fmt.Errorf("projection: waiting for the turn: %w", err)
	}
	row, err := h.start(ctx)
	if err != nil {
		return err
	}
	h.at, h.pending, h.live = row.Checkpoint, row.Checkpoint, row.live
	defer r.progress.reach(t.name, 0) // from then on others move it
	if err := h.trySwap(ctx); err != nil {
		return err
	}
	return h.follow(ctx)
}

// limit bounds an exchange with the server: one that was cut off without a word would be waited for as long as TCP sees fit.
func (h *holder) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 2*h.options.Timeout)
}

func (h *holder) connect(ctx context.Context) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	pooled, err := h.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	h.conn = pooled.Hijack()
	const limits = `
SELECT set_config('statement_timeout', $1, false), set_config('idle_session_timeout', $2, false),
       set_config('idle_in_transaction_session_timeout', $2, false)`
	if _, err = h.conn.Exec(ctx, limits, milliseconds(h.options.Timeout), milliseconds(2*h.options.Timeout)); err != nil {
		h.disconnect(ctx)
	}
	return err
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (h *holder) disconnect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	_ = h.conn.Close(ctx)
}

// takePoll is how often who waits for the turn asks again, and shows that it is alive. To wait inside the server would hold back vacuum there.
const takePoll = 500 * time.Millisecond

func (h *holder) take(ctx context.Context) error {
	key := h.key()
	for {
		if taken, err := h.tryTake(ctx, key); err != nil || taken {
			return err
		}
		wait(ctx, min(takePoll, h.options.Timeout))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (h *holder) tryTake(ctx context.Context, key int64) (taken bool, err error) {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	if err := h.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&taken); err != nil || taken {
		return taken, err
	}
	return false, h.endOverdue(ctx, key)
}

func (h *holder) key() int64 {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "groupcommit projection %s %d %s", h.config.Schema, h.version, h.name)
	return int64(hash.Sum64())
}

// endOverdue ends the session of a holder that has been in one transaction for longer than it may: one that was stopped in the middle of a
// COPY is not idle to the server.
func (h *holder) endOverdue(ctx context.Context, key int64) error {
	const terminate = `
SELECT pg_terminate_backend(a.pid)
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.classid::bigint << 32 | l.objid::bigint = $1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND a.xact_start < clock_timestamp() - $2::bigint * interval '1 ms'`
	_, err := h.conn.Exec(ctx, terminate, key, 3*h.options.Timeout.Milliseconds())
	return err
}

// start finds where to go on.
func (h *holder) start(ctx context.Context) (row, error) {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	return h.begin(ctx, h.conn, h.task)
}

// ping shows the server that the session is alive.
func (h *holder) ping(ctx context.Context) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	return h.conn.Ping(ctx)
}

// read is what came of the subscription.
type read struct {
	batch groupcommit.Batch
	err   error
}

// subscribe reads ahead by a batch while the one before takes effect.
func (h *holder) subscribe(ctx context.Context, to chan<- read) {
	for batch, err := range h.source.SubscribeBatches(ctx, 0, h.options.reading(h.at, title(h.name, h.version))...) {
		select {
		case to <- read{batch, err}:
		case <-ctx.Done():
			return
		}
	}
}

// follow lets batches take effect as they come. In between it shows the server that it is alive, and saves what no transaction has carried.
func (h *holder) follow(ctx context.Context) error {
	reading, end := context.WithCancel(ctx)
	batches := make(chan read)
	var wg sync.WaitGroup
	wg.Go(func() { h.subscribe(reading, batches) })
	defer wg.Wait()
	defer end()

	alive := time.NewTicker(h.options.Timeout / 2)
	defer alive.Stop()
	save := time.NewTicker(h.saveEvery)
	defer save.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return h.leave(ctx)
		case next := <-batches:
			if err = next.err; err == nil {
				err = h.persist(ctx, next.batch)
			}
			if err == nil && next.batch.Last.Position >= next.batch.End {
				err = h.trySwap(ctx)
			}
		case <-save.C:
			err = h.save(ctx)
		case <-alive.C:
			err = h.ping(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// leave saves the checkpoint of a handler at the end of ctx: so much the less is done again.
func (h *holder) leave(ctx context.Context) error {
	if h.handle == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	return h.save(ctx)
}

// persist tries a batch until it has taken effect.
func (h *holder) persist(ctx context.Context, b groupcommit.Batch) error {
	failures := 0
	for pause := firstPause; ; pause = longer(pause) {
		err := h.step(ctx, b)
		if err == nil || ctx.Err() != nil || h.conn.IsClosed() || errors.Is(err, errFenced) {
			return err
		}
		if faulty(err) {
			failures++
		}
		if failures >= h.options.Attempts {
			if h.options.OnFailure == Stop {
				return &StoppedError{Name: h.name, Version: h.version, After: h.pending.Position, Attempts: failures, Err: err}
			}
			if err = h.park(ctx, b); err == nil || ctx.Err() != nil || h.conn.IsClosed() || errors.Is(err, errFenced) {
				return err
			}
		}
		h.config.Logger.Warn("events could not be applied", "projection", title(h.name, h.version), "after", h.pending.Position, "error", err)
		h.note(ctx, h.task, err, false)
		if err := h.pause(ctx, pause); err != nil {
			return err
		}
	}
}

// pause waits, and shows the server that it is alive.
func (h *holder) pause(ctx context.Context, pause time.Duration) error {
	for until := time.Now().Add(pause); time.Now().Before(until); {
		wait(ctx, min(time.Until(until), h.options.Timeout/2))
		if err := h.ping(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step lets a batch take effect.
func (h *holder) step(ctx context.Context, b groupcommit.Batch) error {
	switch {
	case len(b.Events) == 0:
	case h.apply != nil:
		return h.commit(ctx, b.Last, func(ctx context.Context, tx pgx.Tx) error { return h.effect(ctx, tx, b.Events) })
	case h.handle != nil:
		limited, cancel := context.WithTimeout(ctx, h.options.Timeout)
		defer cancel()
		if err := h.effect(limited, nil, b.Events); err != nil {
			return err
		}
	}
	h.pending = b.Last
	h.unsaved += len(b.Events)
	if h.handle != nil && h.unsaved >= h.saveEvents {
		return h.save(ctx)
	}
	return nil
}

// effect calls what the user gave.
func (h *holder) effect(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
	return guard(func() error {
		if h.apply != nil {
			return h.apply(ctx, tx, events)
		}
		return h.handle(ctx, events)
	})
}

// guard marks the error of something of the user's; a panic is one.
func guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &effectError{fmt.Errorf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	if err = do(); err != nil {
		return &effectError{err}
	}
	return nil
}

// save saves the checkpoint, if it has moved. A view is refreshed with it, if there were events.
func (h *holder) save(ctx context.Context) error {
	if h.pending == h.at {
		return nil
	}
	return h.commit(ctx, h.pending, func(ctx context.Context, tx pgx.Tx) error {
		if h.refresh == nil || h.unsaved == 0 {
			return nil
		}
		return h.refresh(ctx, tx)
	})
}

// commit moves the checkpoint and has an effect, or neither. The checkpoint comes first: whoever else is at it waits there, and finds that it has moved.
func (h *holder) commit(ctx context.Context, to groupcommit.Checkpoint, effect func(context.Context, pgx.Tx) error) error {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	err := pgx.BeginFunc(ctx, h.conn, func(tx pgx.Tx) error {
		if err := h.move(ctx, tx, h.task, h.at, to); err != nil {
			return err
		}
		return effect(ctx, tx)
	})
	if err != nil {
		return err
	}
	h.at, h.pending, h.unsaved = to, to, 0
	if h.live {
		h.progress.reach(h.name, to.Position)
	}
	return nil
}

// sql puts the schema into a statement.
func (r *Runner) sql(statement string) string {
	return strings.ReplaceAll(statement, "%s", r.schema)
}
