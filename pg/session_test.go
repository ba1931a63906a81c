package pg_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// A server that is started again has ended all connections. The first that is found dead costs an attempt, and no other does.
func TestAllConnectionsLostCostOneAttempt(t *testing.T) {
	server := pgtest.Server(t)
	for _, test := range []struct {
		name string
		do   func(*pg.Store, *committer.Commit) error
	}{
		{"look", func(s *pg.Store, _ *committer.Commit) error {
			_, err := s.Look(t.Context(), committer.Query{})
			return err
		}},
		{"successor", func(s *pg.Store, _ *committer.Commit) error {
			_, _, err := s.Successor(t.Context(), 0)
			return err
		}},
		{"turn", func(s *pg.Store, _ *committer.Commit) error {
			_, err := s.Take(t.Context(), committer.Query{})
			return err
		}},
		{"append", func(s *pg.Store, c *committer.Commit) error { return s.Append(t.Context(), c, nil) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t, server.URL(), test.name)
			commit := next(t, store, 1)
			const query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
			if err := pgtest.ExecAt(server.URL(), query); err != nil {
				t.Fatal(err)
			}
			if err := test.do(store, commit); err == nil {
				t.Error("nothing was lost")
			}
			if _, err := store.Take(t.Context(), committer.Query{}); err != nil {
				t.Error("turn:", err)
			}
			commit = next(t, store, 1) // which looks
			for range 2 {              // connections
				if err := store.Append(t.Context(), commit, nil); err != nil {
					t.Error("append:", err)
				}
				commit = next(t, store, 1)
			}
		})
	}
}
