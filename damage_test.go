package groupcommit_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// insertForeign writes an event behind the library's back.
func insertForeign(t *testing.T, schema string, position, version int64) {
	t.Helper()
	pgtest.Exec(t, "INSERT INTO "+schema+".events (position, stream, version, event_id, type, data, recorded_at)"+
		" VALUES ($1, 'foreign', $2, gen_random_uuid(), 'Foreign', '{}', now())", position, version)
}

// change runs statements in one transaction.
func change(t *testing.T, statements ...string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pgtest.Conn(t), func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantStopped checks that nothing is written any more, and that what is there can be read.
func wantStopped(t *testing.T, store *groupcommit.Store, reason error) {
	t.Helper()
	for range 2 {
		_, err := store.Append(t.Context(), write("s"))
		wantIs(t, err, groupcommit.ErrNotWritten, reason)
	}
	wantVersion(t, store, "s", 1)
}

func TestForeignRowStopsWriting(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	insertForeign(t, schema, 2, 1)
	wantStopped(t, store, groupcommit.ErrForeignRow)

	change(t, "ALTER TABLE "+schema+".events DISABLE TRIGGER append_only", "DELETE FROM "+schema+".events WHERE position = 2")
	wantStopped(t, store, groupcommit.ErrForeignRow) // until a person says that it may go on
	mustAppend(t, openPostgres(t, groupcommit.Config{Schema: schema}), write("s"))
}

// A reader does not step over a hole.
func TestHoleStopsReading(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	insertForeign(t, schema, 3, 2)

	var read []int64
	var failed error
	for event, err := range store.ReadAll(t.Context()) {
		if err != nil {
			failed = err
			continue
		}
		read = append(read, event.Position)
	}
	if len(read) != 1 || failed == nil {
		t.Errorf("read positions %v, and then: %v", read, failed)
	}
	for event, err := range store.ReadStream(t.Context(), "foreign") {
		if err == nil {
			t.Errorf("read version %d of a stream without version 1", event.Version)
		}
	}
}

// The database is restored to an earlier state under a running store: writing goes on neither there nor on what it remembers.
func TestLostCommitsStopWriting(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	mustAppend(t, store, write("lost"))

	change(t,
		"ALTER TABLE "+schema+".events DISABLE TRIGGER append_only",
		"ALTER TABLE "+schema+".commits DISABLE TRIGGER append_only",
		"DELETE FROM "+schema+".events WHERE position = 2",
		"DELETE FROM "+schema+".commits WHERE last = 2",
	)
	wantStopped(t, store, groupcommit.ErrLostCommits)
	if events := readAll(t, store); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}
