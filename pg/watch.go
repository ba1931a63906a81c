package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// The pause before listening again grows from the first to the last of these. A standby cannot listen; when it is promoted, it can.
const (
	firstListenPause = 100 * time.Millisecond
	lastListenPause  = 10 * time.Second
)

// Watch implements reading.Log: it listens on a connection of its own.
func (r *Reader) Watch(ctx context.Context, ring func()) {
	pause := firstListenPause
	for ctx.Err() == nil {
		err := r.listen(ctx, func() {
			pause = firstListenPause
			ring()
		})
		if ctx.Err() != nil {
			return
		}
		r.logger.Debug("groupcommit: not listening for commits of other processes; subscriptions look by themselves", "error", err)
		rest(ctx, pause)
		pause = min(2*pause, lastListenPause)
	}
}

// listen rings once it listens, for what came before, and for each notification.
func (r *Reader) listen(ctx context.Context, ring func()) error {
	conn, err := r.dialListener(ctx)
	if err != nil {
		return scrub(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		_ = conn.Close(ctx) // whatever it says, the connection is gone
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+quote(r.channel())); err != nil {
		return scrub(err)
	}
	ring()
	for {
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return scrub(err)
		}
		if notification.Payload != r.id.String() { // of what this process appends its subscribers know
			ring()
		}
	}
}

func (r *Reader) dialListener(ctx context.Context) (*pgx.Conn, error) {
	config, err := r.connConfig(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if hook := r.connections.AfterConnect; hook != nil {
		if err := hook(ctx, conn); err != nil {
			_ = conn.Close(ctx)
			return nil, fmt.Errorf("AfterConnect: %w", err)
		}
	}
	return conn, nil
}
