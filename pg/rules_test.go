package pg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// The rules that keep several commits in flight from locking up (package committer), each kept, and each broken on purpose. Broken, there is
// a circle of waits, of which PostgreSQL sees all but one: that of a client, for the commit before. Only a lock timeout ends it.

// flight is a commit under way behind another one.
type flight struct {
	owned  chan struct{} // closed when its place is taken
	copied chan struct{} // closed when it waits for the commit before it
	before chan error    // what it is told of that
	err    chan error
}

var errBefore = errors.New("the commit before it has failed")

func launch(t *testing.T, store *pg.Store, commit *committer.Commit) *flight {
	f := &flight{owned: make(chan struct{}), copied: make(chan struct{}), before: make(chan error, 1), err: make(chan error, 1)}
	await := func(ctx context.Context) error {
		close(f.copied)
		select {
		case err := <-f.before:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	go func() {
		f.err <- store.Append(t.Context(), commit, &committer.Link{Owned: func() { close(f.owned) }, Await: await})
	}()
	return f
}

// end tells the flight what became of the commit before it, and returns what becomes of its own.
func (f *flight) end(before error) error {
	f.before <- before
	return <-f.err
}

// inARow builds two commits of so many rows each that follow the end of the log.
func inARow(t *testing.T, store *pg.Store, rows int) (first, second *committer.Commit) {
	t.Helper()
	chain := conformance.NewChain(t, store)
	step := chain.Next(conformance.Events(uuid.NewString(), rows))
	chain.Follow(step)
	return step.Commit, chain.Next(conformance.Events(uuid.NewString(), rows)).Commit
}

// rival is another process that wants the place of a commit, and then a position behind it. It waits for locks without limit.
type rival struct {
	tx  pgx.Tx
	err chan error // of its writes
}

func startRival(t *testing.T, schema string, commit *committer.Commit, position int64) *rival {
	t.Helper()
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &rival{tx: tx, err: make(chan error, 1)}
	go func() {
		_, err := tx.Exec(t.Context(), "INSERT INTO "+schema+".commits VALUES ($1, $2, $3, $4, 1, $3, now())",
			commit.Parent.Position, position, uuid.New(), commit.Parent.Commit)
		if err == nil {
			_, err = tx.Exec(t.Context(), "INSERT INTO "+schema+".events (position, stream, version, event_id, type, data, recorded_at)"+
				" VALUES ($1, 'rival', 1, gen_random_uuid(), 'Happened', '{}', now())", position)
		}
		r.err <- err
	}()
	return r
}

// awaitWaiters returns when so many statements about a schema wait for the end of another transaction, or with false when the last of
// them has ended before that was seen.
func awaitWaiters(t *testing.T, schema string, want int, last <-chan error) bool {
	t.Helper()
	conn := pgtest.Conn(t)
	for len(last) == 0 {
		const query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid' AND query LIKE '%' || $1 || '%'"
		var waiting int
		if err := conn.QueryRow(t.Context(), query, schema).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting == want {
			return true
		}
	}
	return false
}

func wantPending(t *testing.T, result <-chan error) {
	t.Helper()
	select {
	case err := <-result:
		t.Fatalf("it has ended: %v", err)
	default:
	}
}

// wantTimeout checks that an attempt has waited for a lock in vain.
func wantTimeout(t *testing.T, err error) {
	t.Helper()
	wantClass(t, err, committer.Transient)
	if f, _ := errors.AsType[*committer.Failure](err); f.Code != "55P03" {
		t.Fatalf("got %v, want a lock timeout", err)
	}
}

// Rule 1: a commit is sent when the one before it owns its place. A rival that is as quick waits for the first of them, and for nothing else.
func TestOwnership(t *testing.T) {
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	one, two := inARow(t, store, 20)
	first := launch(t, store, one)
	<-first.owned
	second := launch(t, store, two)
	<-second.copied
	rival := startRival(t, schema, one, 30)
	awaitWaiters(t, schema, 1, rival.err)
	if err := errors.Join(first.end(nil), second.end(nil)); err != nil {
		t.Error(err)
	}
	if err, _ := errors.AsType[*pgconn.PgError](<-rival.err); err == nil || err.ConstraintName != "commits_pkey" {
		t.Errorf("the rival: %v", err)
	}
}

// Without it: the first waits for the rival, which waits for a position of the second, which waits for the first.
func TestWithoutOwnership(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openWith(t, pgtest.URL(t), pg.Config{Schema: schema, LockTimeout: 1200 * time.Millisecond}) // longer than deadlock_timeout
	one, two := inARow(t, store, 20)
	second := launch(t, store, two)
	<-second.copied
	rival := startRival(t, schema, one, 30)
	awaitWaiters(t, schema, 1, rival.err)
	first := launch(t, store, one)
	for !awaitWaiters(t, schema, 2, first.err) { // this test was too slow
		wantTimeout(t, <-first.err)
		first = launch(t, store, one)
	}
	wantTimeout(t, <-first.err)
	wantPending(t, second.err)
	wantPending(t, rival.err)

	wantClass(t, second.end(errBefore), committer.Transient)
	if err := errors.Join(<-rival.err, rival.tx.Rollback(t.Context())); err != nil {
		t.Error(err)
	}
}

// Rule 2: when a commit has failed, all behind it are gone before anything is sent again. That nothing is left in the server of a
// connection that was lost is for TestOrphanInCopyIsEnded and its neighbours.
func TestOrphansDieFirst(t *testing.T) {
	for _, kept := range []bool{true, false} {
		store := open(t, pgtest.URL(t), pgtest.Schema(t))
		one, two := inARow(t, store, 20)
		again := next(t, store, 40)
		first := launch(t, store, one)
		<-first.owned
		second := launch(t, store, two)
		<-second.copied
		wantClass(t, first.end(errBefore), committer.Transient)
		if !kept { // it waits for a position of the second, which waits to hear what became of the first
			wantTimeout(t, store.Append(t.Context(), again, nil))
			wantPending(t, second.err)
		}
		wantClass(t, second.end(errBefore), committer.Transient)
		if err := store.Append(t.Context(), again, nil); err != nil {
			t.Errorf("rule kept: %t: %v", kept, err)
		}
	}
}

// Rule 3, broken: no unique key is twice in flight. Here the last row of the first has the place in its stream that the second takes while the
// first is still on its way: the first waits for the second, which waits for the first.
func TestKeyTwiceInFlight(t *testing.T) {
	store, proxy := throughProxy(t, pgtest.Schema(t), 0)
	one := next(t, store, 2000)
	two := &committer.Commit{ID: uuid.New(), Parent: one.End(), Time: one.Time.Add(time.Microsecond), Commands: 1, Rows: one.Rows[len(one.Rows)-1:]}
	held := holdRows(proxy)
	first := launch(t, store, one)
	<-first.owned
	second := launch(t, store, two)
	<-second.copied
	held.Release()
	wantTimeout(t, <-first.err)
	wantPending(t, second.err)

	wantClass(t, second.end(errBefore), committer.Transient)
	if err := store.Append(t.Context(), one, nil); err != nil {
		t.Error(err)
	}
}

// Command IDs do not lock up like that. The server tells that a place is taken only when it wants to read rows, and by then the IDs are recorded:
// the second never comes before the first. It waits for the first, which does not wait for it, and is refused.
func TestIDTwiceInFlight(t *testing.T) {
	store := open(t, pgtest.URL(t), pgtest.Schema(t))
	chain := conformance.NewChain(t, store)
	id := uuid.New()
	one := chain.Next(conformance.Events("one", 1)).WithIDs(id)
	chain.Follow(one)
	two := chain.Next(conformance.Events("two", 1)).WithIDs(id)
	first := launch(t, store, one.Commit)
	<-first.owned
	second := launch(t, store, two.Commit)
	if err := first.end(nil); err != nil {
		t.Error(err)
	}
	err := <-second.err
	if f, _ := errors.AsType[*committer.Failure](err); f == nil || f.Class != committer.Recorded && f.Code != "55P03" {
		t.Errorf("the second: %v", err)
	}
}
