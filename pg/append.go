package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/committer"
)

// Append implements committer.Log. A commit whose parent is in the log is one exchange, and the end of its message is the point of no
// return. Behind another one in flight it is two: the rows at once, COMMIT when the other has committed.
func (s *Store) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	writer := <-s.writers
	defer func() { s.writers <- writer }()
	s.orphans.reap(ctx)
	conn, err := writer.get(ctx)
	if err != nil {
		return nothingWritten(err)
	}
	writer.warned = false
	attempt := attempt{ctx: ctx, conn: conn.PgConn(), commit: commit, link: link, buffer: writer.buffer}
	err = attempt.run(s)
	writer.keep(attempt.buffer)
	if err != nil {
		s.cleanUp(ctx, writer, &attempt)
		if !attempt.orphan { // which has waited for nobody but its own
			s.evict(ctx, err)
		}
		return err
	}
	if writer.warned {
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errors.New("the server answered COMMIT with a warning")}
	}
	return nil
}

// cleanUp leaves nothing of an attempt that failed: neither a transaction on a connection that lives, nor a server process
// behind one that was lost.
func (s *Store) cleanUp(ctx context.Context, writer *session, a *attempt) {
	ctx = context.WithoutCancel(ctx)
	if !a.lost && a.conn.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(ctx, rollbackTimeout)
		defer cancel()
		_, _ = a.conn.Exec(ctx, "ROLLBACK").ReadAll() // the status tells whether it worked
	}
	switch {
	case a.lost || a.conn.IsClosed() || a.conn.TxStatus() != 'I':
		s.orphans.add(ctx, process{a.conn.PID(), writer.started})
		writer.drop()
	case a.spoilt:
		writer.drop()
	}
}

// attempt is one sending of a commit.
type attempt struct {
	ctx    context.Context
	conn   *pgconn.PgConn
	commit *committer.Commit
	link   *committer.Link // nil for a commit on its own
	buffer []byte          // that messages are built in
	lost   bool            // the connection
	orphan bool            // the commit before it did not succeed, or not in time
	spoilt bool            // its session is no longer as it was set up, or not to be understood
}

func (a *attempt) run(s *Store) error {
	shape := s.shape(a.buffer, a.commit, a.link)
	a.buffer = shape.message
	reply := a.send(&shape)
	if shape.vague(&reply) {
		shape = s.copyShape(a.buffer[:0], a.commit, false) // it names the row
		a.buffer = shape.message
		reply = a.send(&shape)
	}
	if !shape.waits || !shape.complete(&reply) {
		return shape.outcome(&reply)
	}
	if err := a.link.Await(a.ctx); err != nil {
		a.orphan = true
		return committer.Orphaned(err)
	}
	shape = lastShape()
	reply = a.send(&shape)
	return shape.outcome(&reply)
}

func (a *attempt) send(shape *shape) reply {
	r := exchange(a.ctx, a.conn, shape.message, func(completed int) {
		if completed == shape.place && a.link != nil {
			a.link.Owned()
		}
	})
	a.lost = a.lost || r.lost != nil
	a.spoilt = a.spoilt || r.err == nil && !shape.complete(&r) || r.err != nil && spoilt(r.err)
	return r
}

// Sync implements committer.Log: a write whose end is waited for, as that of a commit is, and that must come without a WARNING. It needs no
// table.
func (s *Store) Sync(ctx context.Context) error {
	writer := <-s.writers
	defer func() { s.writers <- writer }()
	conn, err := writer.get(ctx)
	if err != nil {
		return err
	}
	defer writer.lose()
	writer.warned = false
	if _, err := conn.PgConn().Exec(ctx, "SELECT pg_logical_emit_message(true, 'groupcommit', '')").ReadAll(); err != nil {
		return scrub(err)
	}
	if writer.warned {
		return errors.New("the server ended a synchronous write with a warning")
	}
	return nil
}

var _ committer.Log = (*Store)(nil)
