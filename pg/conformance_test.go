package pg_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) func() conformance.Store {
		schema := pgtest.Schema(t)
		return func() conformance.Store { return open(t, pgtest.URL(t), schema) }
	})
}

// open gives a store on a migrated schema, which is closed when the test ends.
func open(t testing.TB, url, schema string) *pg.Store {
	t.Helper()
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}
