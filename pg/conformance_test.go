package pg_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

func TestConformance(t *testing.T) {
	for _, dataType := range []command.DataType{command.DataJSONB, command.DataBytea} {
		t.Run(string(dataType), func(t *testing.T) {
			conformance.Run(t, dataType, func(t *testing.T) func() conformance.Store {
				schema := pgtest.Schema(t)
				return func() conformance.Store {
					return openWith(t, pgtest.URL(t), pg.Config{Schema: schema, DataType: dataType})
				}
			})
		})
	}
}

// open gives a store on a migrated schema, which is closed when the test ends.
func open(t testing.TB, url, schema string) *pg.Store {
	t.Helper()
	return openWith(t, url, pg.Config{Schema: schema})
}

func openWith(t testing.TB, url string, config pg.Config) *pg.Store {
	t.Helper()
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.Pool, config.Migrate = pool, true
	store, err := pg.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}
