package projection

import (
	"context"
	"strconv"
	"time"
)

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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	_ = h.conn.Close(ctx)
}

// limit bounds an exchange with the server: one that was cut off without a word would be waited for as long as TCP sees fit.
func (h *holder) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, 2*h.options.Timeout, errOverdue)
}

// ping shows the server that the session is alive.
func (h *holder) ping(ctx context.Context) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	ctx, cancel = h.limit(ctx)
	defer cancel()
	return h.conn.Ping(ctx)
}

// grace is how long an exchange that was begun may go on when there is to be no other. The session would be lost with it.
const grace = 5 * time.Second

// outlive gives a context that ends a while after its parent.
func outlive(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		wait(ctx, grace)
		cancel()
	})
	return ctx, func() { stop(); cancel() }
}
