package projection

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"
)

// takePoll is how often who waits for the turn asks again, and shows that it is alive. To wait inside the server would hold back vacuum there.
const takePoll = 500 * time.Millisecond

func (h *holder) take(ctx context.Context) error {
	for {
		if taken, err := h.tryTake(ctx); err != nil || taken {
			return err
		}
		wait(ctx, takePoll)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (h *holder) tryTake(ctx context.Context) (taken bool, err error) {
	ctx, cancel := h.limit(ctx)
	defer cancel()
	key := h.turn(h.name, h.version)
	if err := h.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&taken); err != nil || taken {
		return taken, err
	}
	return false, h.endOverdue(ctx, key)
}

// turn is the key of the advisory lock of those that run a version.
func (r *Runner) turn(name string, version int) int64 {
	return key("projection", r.config.Schema, version, name)
}

// key of an advisory lock for something.
func key(parts ...any) int64 {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "groupcommit %q", parts)
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
