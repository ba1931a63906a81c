package projection_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// Another process moves the checkpoint while this one is about to. Then this one writes nothing of what it had read, and goes on from there.
func TestMovedCheckpointFences(t *testing.T) {
	f := newFixture(t)
	seen := map[int64]bool{}
	p := tallying(f.table("tally"))
	apply := p.Apply
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		for _, e := range events {
			seen[e.Position] = true
		}
		return apply(ctx, tx, events)
	}
	stop := f.run(t, p)
	f.waitFor(t, "tally", f.append(t, 1, 3))

	other, err := f.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := other.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("SELECT FROM " + f.table("projections") + " FOR UPDATE")
	f.append(t, 1, 3)
	eventually(t, "it is about to move the checkpoint", func() bool { return f.waiters(t) > 0 })
	end, err := f.store.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec("UPDATE "+f.table("projections")+" SET position = $1, commit_id = $2", end.Position, end.CommitID)
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}

	f.waitFor(t, "tally", f.append(t, 1, 3))
	f.checkTally(t, f.table("tally"), 4, 5, 6)
	if err := stop(); err != nil || seen[4] || seen[5] || seen[6] {
		t.Errorf("%v, %v", seen, err)
	}
}
