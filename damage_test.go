package groupcommit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// insertForeign writes an event behind the library's back. What is in it is a secret of whoever did so.
func insertForeign(t *testing.T, schema string, position, version int64) {
	t.Helper()
	pgtest.Exec(t, "INSERT INTO "+schema+".events (position, stream, version, event_id, type, data, recorded_at)"+
		" VALUES ($1, 'foreign', $2, gen_random_uuid(), 'Foreign', to_jsonb($3::text), now())", position, version, canary)
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

	for name, test := range map[string]struct {
		events eventSequence
		read   int
	}{
		"all":                {store.ReadAll(t.Context()), 1},
		"all, backward":      {store.ReadAll(t.Context(), groupcommit.Backward()), 1},
		"of a type":          {store.ReadStream(t.Context(), "foreign", groupcommit.Types("Foreign")), 0},
		"a stream":           {store.ReadStream(t.Context(), "foreign"), 0},
		"a stream, backward": {store.ReadStream(t.Context(), "foreign", groupcommit.Backward()), 1},
		"several":            {store.ReadStreams(t.Context(), []string{"s", "foreign"}), 0},
	} {
		events, err := gatherEvents(test.events)
		if len(events) != test.read || !errors.Is(err, groupcommit.ErrDamaged) {
			t.Errorf("%s: read %d events, want %d, and then: %v", name, len(events), test.read, err)
		}
	}
}

// The database is restored to an earlier state under a running store: writing goes on neither there nor on what it remembers.
func TestLostCommitsStopWriting(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	mustAppend(t, store, write("lost"))

	loseCommits(t, schema, 1)
	wantStopped(t, store, groupcommit.ErrLostCommits)
	if events := readAll(t, store); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}

// A store that is opened anew knows what the log says and nothing else, and goes on there. One that runs does so where it was told to accept
// the loss.
func TestLostCommitsAreAccepted(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema, AcceptLostCommits: true})
	mustAppend(t, store, write("s"))
	mustAppend(t, store, write("s"))
	loseCommits(t, schema, 1)
	if result := mustAppend(t, openPostgres(t, groupcommit.Config{Schema: schema}), write("s")); result.First != 2 {
		t.Errorf("opened anew, it writes at position %d, want 2", result.First)
	}
	loseCommits(t, schema, 1)
	if result := mustAppend(t, store, groupcommit.To("s", groupcommit.Exact(1), happened(1))); result.First != 2 {
		t.Errorf("it writes at position %d, want 2", result.First)
	}
}

// Another log stands in the place of the one that was opened, or nothing. That is not what AcceptLostCommits accepts.
func TestReplacedLogStopsWriting(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, schema string){
		"created anew": func(t *testing.T, schema string) {
			change(t, "DROP SCHEMA "+schema+" CASCADE")
			mustAppend(t, openPostgres(t, groupcommit.Config{Schema: schema}), write("s"))
		},
		"emptied": func(t *testing.T, schema string) { loseCommits(t, schema, -1) },
	} {
		for _, accept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, accept=%t", name, accept), func(t *testing.T) {
				schema := pgtest.Schema(t)
				store := openPostgres(t, groupcommit.Config{Schema: schema, AcceptLostCommits: accept})
				mustAppend(t, store, write("s"))
				replace(t, schema)
				for range 2 {
					_, err := store.Append(t.Context(), write("s"))
					wantIs(t, err, groupcommit.ErrNotWritten, groupcommit.ErrLostCommits)
				}
			})
		}
	}
}

// loseCommits takes the database back to where the log ended at this position.
func loseCommits(t *testing.T, schema string, position int64) {
	t.Helper()
	change(t,
		"ALTER TABLE "+schema+".events DISABLE TRIGGER append_only",
		"ALTER TABLE "+schema+".commits DISABLE TRIGGER append_only",
		fmt.Sprintf("DELETE FROM %s.events WHERE position > %d", schema, position),
		fmt.Sprintf("DELETE FROM %s.commits WHERE last > %d", schema, position),
	)
}
