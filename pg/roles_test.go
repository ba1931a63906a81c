package pg

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// Processes of different roles see little of each other, and may not end each other's sessions.

// openForRole opens a store for a new role.
func openForRole(t *testing.T, config Config) *Store {
	t.Helper()
	role := newWriter(t, config.Schema)
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	pool.ConnConfig.User, pool.ConnConfig.Password = role.config.User, role.config.Password
	config.Pool = pool
	store, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// A process that does not look around any more loses the turn all the same.
func TestTurnOfAnotherRole(t *testing.T) {
	schema := migratedSchema(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, store := range []*Store{openForRole(t, Config{Schema: schema}), openForRole(t, Config{Schema: schema})} {
		if _, err := store.Take(ctx, committer.Query{}); err != nil {
			t.Fatal(err)
		}
	}
}

// What cannot be ended is told to whoever can do something about it, and waited for.
func TestCommitOfAnotherRole(t *testing.T) {
	schema := migratedSchema(t)
	var told strings.Builder // by the goroutine of this test
	store := openForRole(t, Config{Schema: schema, LockTimeout: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&told, nil))})
	other := openForRole(t, Config{Schema: schema})
	snapshot, err := store.Look(t.Context(), committer.Query{})
	if err != nil {
		t.Fatal(err)
	}
	await := func(ctx context.Context) error {
		err := store.Append(ctx, randomCommit(store, snapshot.End, time.Now(), 1), nil)
		if f, ok := errors.AsType[*committer.Failure](err); !ok || f.Code != lockNotAvailable {
			t.Errorf("got %v, want a lock timeout", err)
		}
		return nil
	}
	if err := other.Append(t.Context(), randomCommit(other, snapshot.End, time.Now(), 1), &committer.Link{Owned: func() {}, Await: await}); err != nil {
		t.Error(err)
	}
	if !strings.Contains(told.String(), "cannot be ended") {
		t.Errorf("told: %q", told.String())
	}
}
