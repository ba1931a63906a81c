package groupcommit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// A commit is in doubt when Close runs out of time. What it says must not also say that nothing was written.
func TestUnknownIsNotClosed(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("a"))
	tx, err := pgtest.Conn(t).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), "INSERT INTO "+schema+".commits SELECT last, last+1, $1, commit_id, 1, $1, now() FROM "+schema+".commits ORDER BY last DESC LIMIT 1", uuid.New()); err != nil {
		t.Fatal(err)
	}
	f := store.Submit(t.Context(), write("b"))
	awaitWaiter(t, tx)
	if err := store.Close(ended(t)); err == nil {
		t.Error("Close says that all is written")
	}
	_, err = f.Result()
	if !errors.Is(err, groupcommit.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if errors.Is(err, groupcommit.ErrClosed) || errors.Is(err, groupcommit.ErrNotWritten) {
		t.Error("the outcome is unknown, and errors.Is(err, ErrClosed) says that nothing was written")
	}
}

// awaitWaiter returns when somebody waits for the transaction.
func awaitWaiter(t *testing.T, tx pgx.Tx) {
	t.Helper()
	conn := pgtest.Conn(t)
	for waiting := 0; waiting == 0; {
		const query = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
		if err := conn.QueryRow(t.Context(), query, tx.Conn().PgConn().PID()).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
}
