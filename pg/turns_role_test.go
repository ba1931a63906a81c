package pg

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// Processes of different roles see little of each other, and may not end each other's sessions. One that is stopped loses the turn all the same.
func TestTurnOfAnotherRole(t *testing.T) {
	schema := migratedSchema(t)
	open := func() *Store {
		role := newWriter(t, schema)
		pool, err := pgxpool.ParseConfig(pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		pool.ConnConfig.User, pool.ConnConfig.Password = role.config.User, role.config.Password
		store, err := Open(t.Context(), Config{Pool: pool, Schema: schema})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		return store
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, store := range []*Store{open(), open()} {
		if _, err := store.Take(ctx, committer.Query{}); err != nil {
			t.Fatal(err)
		}
	}
}
