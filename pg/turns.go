package pg

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/committer"
)

// The turn is a session's advisory lock: PostgreSQL queues who waits for it, first come, first served, and it ends with the session.
// Another one, shared, marks the sessions that append, so that a process can tell those of others.

func turnKey(schema string) int64   { return advisoryKey("groupcommit turn " + schema) }
func writerKey(schema string) int64 { return advisoryKey("groupcommit writer " + schema) }

func advisoryKey(name string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return int64(hash.Sum64())
}

// lockWithKey finds an advisory lock in pg_locks AS l by its key, the first parameter.
const lockWithKey = `l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid::bigint << 32 | l.objid::bigint = $1
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// Take implements committer.Turns: the look sees the log as it is once the lock is there.
func (s *Store) Take(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	s.orphans.reap(ctx)
	conn, err := s.turn.get(ctx)
	if err != nil {
		return committer.Snapshot{}, nothingWritten(err)
	}
	defer s.endsWho(isDead, turnKey(s.config.Schema))()
	batch := &pgx.Batch{}
	batch.Queue("SELECT pg_advisory_lock($1)", turnKey(s.config.Schema))
	batch.Queue(s.lookSQL, lookArguments(&query)...)
	results := conn.SendBatch(ctx, batch)
	_, err = results.Exec()
	var snapshot committer.Snapshot
	if err == nil {
		snapshot, err = s.scanLook(results.QueryRow(), &query)
	}
	if err := errors.Join(err, results.Close()); err != nil {
		s.endTurn(ctx)
		return committer.Snapshot{}, nothingWritten(err)
	}
	return snapshot, nil
}

// Awaited implements committer.Turns.
func (s *Store) Awaited(ctx context.Context) (awaited bool, err error) {
	conn, err := s.turn.get(ctx)
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted AND "+lockWithKey+")", turnKey(s.config.Schema)).Scan(&awaited)
	}
	if err != nil {
		s.endTurn(ctx)
	}
	return awaited, scrub(err)
}

// Pass implements committer.Turns.
func (s *Store) Pass(ctx context.Context) {
	if _, err := s.turn.conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", turnKey(s.config.Schema)); err != nil {
		s.endTurn(ctx)
	}
}

// endTurn ends the session that has the turn, or may still be given it.
func (s *Store) endTurn(ctx context.Context) {
	if s.turn.conn == nil {
		return
	}
	process := process{s.turn.conn.PgConn().PID(), s.turn.started}
	s.turn.drop()
	s.orphans.add(context.WithoutCancel(ctx), process)
}

// Whom to end. A process that has the turn looks around all the time, so one that has been still for patience is stopped, or cut off. And while we
// have the turn, nobody else's commit has any business in our way.
const (
	patience = time.Second

	isDead = `SELECT count(pg_terminate_backend(l.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.granted AND a.state = 'idle' AND a.state_change < clock_timestamp() - make_interval(secs => $2) AND ` + lockWithKey

	isInTheWay = `SELECT count(pg_terminate_backend(b.pid)) FROM unnest(pg_blocking_pids($3)) AS b (pid) JOIN pg_stat_activity a USING (pid)
WHERE a.xact_start < clock_timestamp() - make_interval(secs => $2) AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = b.pid AND ` + lockWithKey + `)`
)

// endsWho ends, for as long as a wait lasts that has become long, the server processes that a query finds: those of other processes that will not
// end by themselves. The chain makes that safe. It is to be stopped when the wait is over.
func (s *Store) endsWho(query string, key int64, more ...any) (stop func()) {
	ctx, cancel := context.WithCancel(s.life)
	arguments := append([]any{key, patience.Seconds()}, more...)
	timer := time.AfterFunc(patience, func() {
		ticker := time.NewTicker(patience)
		defer ticker.Stop()
		for ctx.Err() == nil {
			s.orphans.evict(ctx, query, arguments...)
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	})
	return func() {
		timer.Stop()
		cancel()
	}
}
