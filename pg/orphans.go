package pg

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	rollbackTimeout  = time.Second
	terminateTimeout = 2 * time.Second
)

// orphans are server processes behind connections that were lost. Such a process need not have noticed: in the middle of a COPY it waits
// for its client for as long as TCP does, and holds the place of its commit all the while. They are ended over a connection of their own.
//
// Any goroutine may call its methods. mu guards the fields below it.
type orphans struct {
	logger *slog.Logger

	mu      sync.Mutex
	control session
	alive   []process
	told    bool // that they cannot be ended
}

// process is a server process. Numbers are used again, so its start is part of its identity.
type process struct {
	pid     uint32
	started time.Time
}

// add ends the process behind a lost connection. What does not succeed now is tried again by reap.
func (o *orphans) add(ctx context.Context, p process) {
	o.mu.Lock()
	o.alive = append(o.alive, p)
	o.mu.Unlock()
	o.reap(ctx)
}

// reap ends the processes that are left, and confirms that they are gone. That it cannot is told once, until it can.
func (o *orphans) reap(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	for try := 0; try < 2 && len(o.alive) > 0; try++ { // the control connection may be as dead as the one that was lost
		if err = o.terminate(ctx); err != nil {
			o.control.drop()
		}
	}
	if err != nil && !o.told {
		o.logger.Warn("groupcommit: the server process behind a lost connection may be alive, and hold up writing", "error", scrub(err))
	}
	o.told = err != nil
}

// terminate works through alive. The caller holds mu.
func (o *orphans) terminate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, terminateTimeout)
	defer cancel()
	conn, err := o.control.get(ctx)
	if err != nil {
		return err
	}
	const query = "SELECT coalesce(bool_and(pg_terminate_backend(pid, $3)), true) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
	for len(o.alive) > 0 {
		p := o.alive[0]
		var gone bool
		if err := conn.QueryRow(ctx, query, p.pid, p.started, terminateTimeout.Milliseconds()/2).Scan(&gone); err != nil {
			return err
		}
		if !gone {
			return fmt.Errorf("process %d does not end", p.pid)
		}
		o.alive = o.alive[1:]
	}
	return nil
}

// evict ends server processes of others: those that a query ends, and counts. It is in vain as long as some of ours are left.
func (o *orphans) evict(ctx context.Context, query string, arguments ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.alive) > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), terminateTimeout)
	defer cancel()
	var ended int
	conn, err := o.control.get(ctx)
	if err == nil {
		err = conn.QueryRow(ctx, query, arguments...).Scan(&ended)
	}
	switch {
	case err != nil:
		o.logger.Warn("groupcommit: what holds up writing cannot be ended", "error", scrub(err))
		o.control.drop()
	case ended > 0:
		o.logger.Warn("groupcommit: ended what another process had left open", "count", ended)
	}
}

// drop closes the connection.
func (o *orphans) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control.drop()
}
