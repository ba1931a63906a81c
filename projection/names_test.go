package projection_test

import (
	"context"
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
)

func handling(name string) projection.Handler {
	return projection.Handler{Name: name, Handle: func(context.Context, []groupcommit.RecordedEvent) error { return nil }}
}

// Members that share a checkpoint would skip what the other has seen.
func TestMembersOfOneNameAreRefused(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 1)
	for _, members := range [][]projection.Member{
		{tallying(f.table("tally")), tallying(f.table("tally"))},
		{tallying(f.table("tally")), handling("tally")},
		{f.version(t, 1), handling("tally")},
	} {
		if err := f.runner.Run(t.Context(), members...); !errors.As(err, new(*projection.InvalidError)) {
			t.Errorf("%v", err)
		}
		if _, found := f.find(t, "tally", 0); found {
			t.Error("one has run")
		}
	}
}

// The name of a read model stays that of a read model.
func TestNameOfAnotherKindIsRefused(t *testing.T) {
	f := newFixture(t)
	f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", f.append(t, 1, 1))
	if err := f.runner.Run(t.Context(), projection.MaterializedView{Name: "tally", View: "v"}); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); s.Stopped || s.Error != "" {
		t.Errorf("what has the name is told of it: %+v", s)
	}
}

// Two logs may have read models in one database, and then each needs a schema.
func TestNameOfAnotherLogIsRefused(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 3)
	f.run(t, tallying(f.table("tally")))
	f.waitFor(t, "tally", last)

	other, err := groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: f.URL, Schema: pgtest.Schema(t), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	runner := f.newRunnerOf(t, other, projection.Config{Pool: f.pool})
	if err := runner.Run(t.Context(), tallying(f.table("tally"))); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("%v", err)
	}
	if all, err := runner.Status(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("the status of another log: %+v, %v", all, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runner.WaitFor(ctx, "tally", last); err == nil {
		t.Error("the position of another log was taken for one of this log")
	}
}
