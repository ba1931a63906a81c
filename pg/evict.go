package pg

import (
	"context"
	"errors"
	"time"

	"github.com/groupcommit/groupcommit/committer"
)

// A process that is stopped, or cut off, in the middle of a COPY leaves a transaction that no timeout of the server ends: it is neither idle
// nor waiting for a lock. It holds places in the log that everybody else waits for. So who has waited in vain ends what other processes have
// had open for openTime. Whoever has the turn knows that they have no business in the log, and where that is an error the chain makes it safe.
//
// Two shared advisory locks on every session that appends tell which those are: one says on which log, one by which process.

const openTime = time.Second

func (s *Store) writerKey() int64  { return advisoryKey("groupcommit writer " + s.config.Schema) }
func (s *Store) processKey() int64 { return advisoryKey("groupcommit process " + s.id.String()) }

const markSQL = "SELECT pg_advisory_lock_shared($1), pg_advisory_lock_shared($2)"

// evictSQL finds transactions that have written. How old they are may be hidden from us; then they count as old.
var evictSQL = `
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, $4))
FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'
	AND pid IN (SELECT pid FROM pg_locks WHERE ` + advisoryLock("$1") + `)
	AND pid NOT IN (SELECT pid FROM pg_locks WHERE ` + advisoryLock("$2") + `)
	AND coalesce(xact_start < clock_timestamp() - make_interval(secs => $3), true)`

// evict ends the transactions that other processes have left open, if err says that an attempt has waited in vain.
func (s *Store) evict(ctx context.Context, err error) {
	f, ok := errors.AsType[*committer.Failure](err)
	if ok && f.Code == lockNotAvailable || errors.Is(err, context.DeadlineExceeded) {
		s.orphans.evict(ctx, evictSQL, s.writerKey(), s.processKey(), openTime.Seconds(), terminateTimeout.Milliseconds()/2)
	}
}
