package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// cutOff is a process with two commits in flight, cut off while most of their rows are on the way. The server would wait for them for hours.
func cutOff(t *testing.T, schema string) (first, second *flight, come func()) {
	t.Helper()
	store, proxy := throughProxy(t, schema, 0)
	one, two := inARow(t, store, 500)
	held := holdRows(proxy)
	first = launch(t, store, one)
	<-first.owned
	second = launch(t, store, two)
	<-second.owned
	return first, second, held.Release
}

// holdRows keeps on their way all rows of a COPY but those in its first message. Who sends them does not notice.
func holdRows(proxy *pgproxy.Proxy) *pgproxy.Trap {
	begun := make(map[*pgproxy.Conn]bool)
	return proxy.On(func(f *pgproxy.Frame) bool {
		if f.From != pgproxy.Frontend || f.Type != 'd' || len(f.Body) == len("\xff\xff") { // the end of rows
			return false
		}
		first := !begun[f.Conn]
		begun[f.Conn] = true
		return !first
	}, pgproxy.Every, pgproxy.Hold)
}

// Whoever goes on in the place of a process that was cut off ends both of its commits, also with little patience: its own rows run into the
// positions of the second.
func TestCutOffProcessIsEvicted(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openWith(t, pgtest.URL(t), pg.Config{Schema: schema, LockTimeout: 100 * time.Millisecond})
	first, second, come := cutOff(t, schema)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	commit := next(t, store, 900)
	for err := store.Append(ctx, commit, nil); err != nil; err = store.Append(ctx, commit, nil) {
		wantTimeout(t, err)
	}
	come()
	wantClass(t, <-first.err, committer.Transient)
	wantClass(t, <-second.err, committer.Transient)
}

// What another process has begun a moment ago is left alone.
func TestYoungCommitIsNotEvicted(t *testing.T) {
	schema := pgtest.Schema(t)
	store, other := openWith(t, pgtest.URL(t), pg.Config{Schema: schema, LockTimeout: time.Millisecond}), open(t, pgtest.URL(t), schema)
	commit := next(t, store, 1)
	begun := time.Now()
	young := launch(t, other, next(t, other, 1))
	<-young.copied
	wantTimeout(t, store.Append(t.Context(), commit, nil))
	if err := young.end(nil); err != nil && time.Since(begun) < time.Second {
		t.Error(err)
	}
}

// A process does not end its own, however old it is.
func TestOwnCommitIsNotEvicted(t *testing.T) {
	store := openWith(t, pgtest.URL(t), pg.Config{Schema: pgtest.Schema(t), LockTimeout: 1200 * time.Millisecond})
	rival := next(t, store, 1)
	own := launch(t, store, next(t, store, 1))
	<-own.copied
	wantTimeout(t, store.Append(t.Context(), rival, nil))
	if err := own.end(nil); err != nil {
		t.Error(err)
	}
}

// Who has waited in vain for a commit of its own has found nobody in its way, and may not have the turn any more.
func TestOrphanDoesNotEvict(t *testing.T) {
	schema := pgtest.Schema(t)
	store, other := open(t, pgtest.URL(t), schema), open(t, pgtest.URL(t), schema)
	_, second := inARow(t, store, 1)
	old := launch(t, other, next(t, other, 1))
	<-old.copied
	orphan := launch(t, store, second)
	<-orphan.copied
	pgtest.Exec(t, "SELECT pg_sleep(1.2)")
	wantClass(t, orphan.end(context.DeadlineExceeded), committer.Transient)
	if err := old.end(nil); err != nil {
		t.Error(err)
	}
}
