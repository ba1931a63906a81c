package pg

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/committer"
)

// The turn is a session's advisory lock: PostgreSQL queues who waits for it, first come, first served, and it ends with the session. Who has it
// looks around all the time. One who does not is stopped, or cut off, and the server ends the session after stillTime.

const stillTime = 2 * time.Second

func turnKey(schema string) int64 { return advisoryKey("groupcommit turn " + schema) }

func advisoryKey(name string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return int64(hash.Sum64())
}

// advisoryLock finds an advisory lock of this database in pg_locks by its key, a parameter.
func advisoryLock(key string) string {
	return "locktype = 'advisory' AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = " + key +
		" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
}

// The setting comes with the lock and goes with it: as long as it is nobody's turn, a session may be idle.
//
// Who waits in a statement holds its snapshot, and with it back what VACUUM may remove in this database. That is some turns of
// others long, and never longer than an attempt may take.
const (
	takeSQL = "SELECT pg_advisory_lock($1), set_config('idle_session_timeout', $2, false)"
	passSQL = "SELECT pg_advisory_unlock($1), set_config('idle_session_timeout', '0', false)"
)

var awaitedSQL = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND " + advisoryLock("$1") + ")"

// Take implements committer.Turns.
func (s *Store) Take(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	s.orphans.reap(ctx)
	conn, err := s.turn.get(ctx)
	if err != nil {
		return committer.Snapshot{}, nothingWritten(err)
	}
	snapshot, err := s.take(ctx, conn, &query)
	if err != nil {
		s.endTurn(ctx)
		failure := nothingWritten(err)
		failure.Err = fmt.Errorf("waiting for the turn to write: %w", failure.Err)
		return committer.Snapshot{}, failure
	}
	return snapshot, nil
}

// take waits and looks in one round trip: the look sees the log as it is once the lock is there.
func (s *Store) take(ctx context.Context, conn *pgx.Conn, query *committer.Query) (snapshot committer.Snapshot, err error) {
	batch := &pgx.Batch{}
	batch.Queue(takeSQL, turnKey(s.config.Schema), milliseconds(stillTime))
	batch.Queue(s.lookSQL, lookArguments(query)...)
	results := conn.SendBatch(ctx, batch)
	if _, err = results.Exec(); err == nil {
		snapshot, err = s.scanLook(results.QueryRow(), query)
	}
	return snapshot, cmp.Or(err, results.Close())
}

// Awaited implements committer.Turns.
func (s *Store) Awaited(ctx context.Context) (awaited bool, err error) {
	if err = s.turn.conn.QueryRow(ctx, awaitedSQL, turnKey(s.config.Schema)).Scan(&awaited); err != nil {
		s.endTurn(ctx)
	}
	return awaited, scrub(err)
}

// Pass implements committer.Turns.
func (s *Store) Pass(ctx context.Context) {
	if _, err := s.turn.conn.Exec(ctx, passSQL, turnKey(s.config.Schema)); err != nil {
		s.endTurn(ctx)
	}
}

// endTurn ends the session that has the turn, or may still be given it.
func (s *Store) endTurn(ctx context.Context) {
	process := process{s.turn.conn.PgConn().PID(), s.turn.started}
	s.turn.drop()
	s.orphans.add(context.WithoutCancel(ctx), process)
}
