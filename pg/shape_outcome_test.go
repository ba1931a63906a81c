package pg_test

import (
	"context"
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// ctx ends while the answer is being read from what has arrived already: where the commit succeeds all the same, its connection is as good
// as before.
func TestDeadlineStays(t *testing.T) {
	store := open(t, pgtest.URL(t), pgtest.Schema(t))
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Append(ctx, next(t, store, 5), &committer.Link{Owned: cancel})
		if err != nil {
			continue
		}
		for range 2 { // both writers
			if err := store.Append(t.Context(), next(t, store, 1), nil); err != nil {
				t.Fatalf("the connection of a commit that succeeded: %v", err)
			}
		}
	}
}

// The owner has added a deferred constraint: its error comes with COMMIT, behind all rows.
func TestDeferredConstraintRow(t *testing.T) {
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	pgtest.Exec(t, "ALTER TABLE "+schema+".events ADD CONSTRAINT mine UNIQUE (type) DEFERRABLE INITIALLY DEFERRED")
	for _, rows := range []int{2, 100} {
		commit := next(t, store, rows)
		err := store.Append(t.Context(), commit, nil)
		f, ok := errors.AsType[*committer.Failure](err)
		if !ok {
			t.Fatal(err)
		}
		if f.Class != committer.Refused || f.Row != -1 {
			t.Errorf("%d rows: got %v about row %d, want a refusal that names none", rows, f, f.Row)
		}
	}
}

// A trigger's line number is no row.
func TestTriggerLine(t *testing.T) {
	schema := pgtest.Schema(t)
	store := open(t, pgtest.URL(t), schema)
	pgtest.Exec(t, "CREATE FUNCTION "+schema+".f() RETURNS trigger LANGUAGE plpgsql AS "+
		"$$\nBEGIN\n\n\n\n\n\n\n RAISE EXCEPTION 'no' USING ERRCODE='23514'; END $$")
	pgtest.Exec(t, "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON "+schema+".events DEFERRABLE INITIALLY DEFERRED "+
		"FOR EACH ROW EXECUTE FUNCTION "+schema+".f()")
	for _, rows := range []int{2, 20} {
		err := store.Append(t.Context(), next(t, store, rows), nil)
		f, _ := errors.AsType[*committer.Failure](err)
		if f == nil || f.Row != -1 {
			t.Errorf("%d rows: got %v, want a refusal that names none", rows, err)
		}
	}
}
