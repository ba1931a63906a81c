package groupcommit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func openReader(t *testing.T, config groupcommit.Config) *groupcommit.Reader {
	t.Helper()
	reader, err := groupcommit.OpenReader(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return reader
}

// A role that may only read is enough for a reader, and not for a store.
func TestReaderWithSelectOnly(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	pool := roleWith(t, nil)
	for _, sql := range []string{"ALTER ROLE %[2]s NOSUPERUSER", "GRANT USAGE ON SCHEMA %[1]s TO %[2]s", "GRANT SELECT ON %[1]s.events TO %[2]s"} {
		pgtest.Exec(t, fmt.Sprintf(sql, schema, pool.ConnConfig.User))
	}
	config := groupcommit.Config{Pool: pool, Schema: schema, PollInterval: never}
	_, err := groupcommit.OpenReader(t.Context(), config)
	if problem := wantError[*groupcommit.SchemaError](t, err); problem.Problem != groupcommit.SchemaPrivileges {
		t.Errorf("without SELECT on commits: %v", err)
	}
	pgtest.Exec(t, fmt.Sprintf("GRANT SELECT ON %s.commits TO %s", schema, pool.ConnConfig.User))
	reader := openReader(t, config)
	if err := reader.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	s := follow(t.Context(), reader.Subscribe(t.Context(), 0))
	s.await(t, 0, 1)
	mustAppend(t, store, write("s"))
	s.await(t, 0, 2)
	_, err = groupcommit.Open(t.Context(), config)
	if problem := wantError[*groupcommit.SchemaError](t, err); problem.Problem != groupcommit.SchemaPrivileges {
		t.Errorf("a store: %v", err)
	}
}

// A reader migrates nothing, also where Config.Migrate is set, and says who does.
func TestReaderWithoutASchema(t *testing.T) {
	_, err := groupcommit.OpenReader(t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), Migrate: true})
	problem := wantError[*groupcommit.SchemaError](t, err)
	if problem.Problem != groupcommit.SchemaMissing || !strings.Contains(problem.Detail, "groupcommit.Migrate, or Open with Config.Migrate") {
		t.Errorf("got %v", err)
	}
}

// On a standby a subscription sees what is replayed. A checkpoint of the primary that the standby has not come to is waited for, and is not lost.
func TestReaderOnAStandby(t *testing.T) {
	p := newPair(t)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: p.primary.URL(), Schema: "standby"})
	mustAppend(t, store, write("s"))
	p.awaitStandby(t, "pg_last_wal_replay_lsn")
	reader := openReader(t, groupcommit.Config{DatabaseURL: p.standby.URL(), Schema: "standby"})
	if got := collect(t, reader.ReadAll(t.Context()), position); len(got) != 1 {
		t.Errorf("read %v", got)
	}
	s := follow(t.Context(), reader.Subscribe(t.Context(), 0))
	s.await(t, 0, 1)

	mustExecAt(t, p.standby.URL(), "SELECT pg_wal_replay_pause()")
	mustAppend(t, store, write("s"))
	ahead, err := store.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gather(reader.ReadAll(t.Context(), groupcommit.From(ahead))); !errors.Is(err, groupcommit.ErrUnavailable) {
		t.Errorf("from a checkpoint that is not replayed yet: %v", err)
	}
	later := follow(t.Context(), reader.Subscribe(t.Context(), 0, groupcommit.From(ahead)))
	mustAppend(t, store, write("s"))
	mustExecAt(t, p.standby.URL(), "SELECT pg_wal_replay_resume()")
	s.await(t, 0, 3)
	later.await(t, 2, 3)
}

// Subscriptions tells how far each has come: a consumer that keeps its batch shows as a lag.
func TestSubscriptions(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		mustAppend(t, store, write("s"))
		if all := store.Subscriptions(); len(all) != 0 {
			t.Errorf("nobody subscribes: %v", all)
		}
		lags := []int64{}
		for batch, err := range store.SubscribeBatches(t.Context(), 0, groupcommit.Named("slow"), groupcommit.PageSize(1)) {
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, store, write("s"))
			all := store.Subscriptions()
			if len(all) != 1 || all[0].Name != "slow" || all[0].Position != batch.Last.Position-1 {
				t.Fatalf("with batch %d in hand: %+v", batch.Last.Position, all)
			}
			if lags = append(lags, all[0].Lag()); len(lags) == 3 {
				break
			}
		}
		if fmt.Sprint(lags) != "[2 2 2]" || len(store.Subscriptions()) != 0 {
			t.Errorf("lags %v, then %v", lags, store.Subscriptions())
		}
	})
}
