package groupcommit_test

import (
	"flag"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var kills = flag.Int("kills", 20, "how many server processes to end under load, of each kind")

// Server processes are ended at random while several stores write to the same streams: of those with a commit in flight, and of those that
// have the turn. After each, every store goes on. In the end the log explains every verdict.
func TestSessionsTerminatedUnderLoad(t *testing.T) {
	for name, mode := range map[string]string{"commits": "ShareLock", "turns": "ExclusiveLock"} {
		t.Run(name, func(t *testing.T) {
			load := startSharedLoad(t, 3)
			observer := pgtest.Conn(t)
			for range *kills {
				load.awaitProgress(t)
				terminate(t, observer, load.schema, mode)
			}
			load.awaitProgress(t)
			if counts := load.end(t); counts["log moved 23505"] > 5**kills {
				t.Errorf("%d sessions were ended, and %d commits refused", *kills, counts["log moved 23505"])
			}
		})
	}
}

// terminate ends one of the sessions of a schema that hold an advisory lock in this mode, if possible one that has something to do.
func terminate(t *testing.T, observer *pgx.Conn, schema, mode string) {
	t.Helper()
	const query = "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)" +
		" WHERE application_name = $1 AND locktype = 'advisory' AND mode = $2 AND granted ORDER BY state = 'idle', random() LIMIT 1) AS victim"
	for ended := int64(0); ended == 0; {
		tag, err := observer.Exec(t.Context(), query, schema, mode)
		if err != nil {
			t.Fatal(err)
		}
		ended = tag.RowsAffected()
	}
}
