package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// sound verifies a log that must be sound.
func sound(t *testing.T, store *groupcommit.Store) groupcommit.VerifyReport {
	t.Helper()
	report, err := store.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !report.Sound() {
		t.Errorf("%d findings: %v", report.Damages, report.Findings)
	}
	return report
}

// quarrel lets many clients append at once to the same streams, at any version and at one that most have wrong, with an ID and without,
// to several streams and to one, each command twice. It returns how many events they wrote.
func quarrel(t *testing.T, store *groupcommit.Store, client string) (written int64) {
	t.Helper()
	var mu sync.Mutex
	var clients sync.WaitGroup
	submit := func(cmd groupcommit.Command) {
		for range 2 {
			result, err := store.Append(t.Context(), cmd)
			if _, conflict := errors.AsType[*groupcommit.ConflictError](err); err != nil && !conflict {
				t.Error(err)
			}
			if err == nil && !result.Duplicate {
				mu.Lock()
				written += result.Last - result.First + 1
				mu.Unlock()
			}
		}
	}
	for i := range 50 {
		clients.Go(func() {
			own := fmt.Sprint(client, i)
			submit(identified(groupcommit.To(own, groupcommit.NoStream, happened(1), happened(2))))
			submit(identified(groupcommit.Command{Streams: []groupcommit.StreamWrite{
				{Stream: "shared", Events: []groupcommit.Event{happened(3)}},
				{Stream: own, Expect: groupcommit.StreamExists},
				{Stream: fmt.Sprint("shared", i%3), Events: []groupcommit.Event{happened(4), happened(5)}},
			}}))
			submit(groupcommit.To("contested", groupcommit.Exact(int64(i%7)), happened(6)))
		})
	}
	clients.Wait()
	return written
}

func TestVerify(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{BatchCommands: 10})
		if report := sound(t, store); report.Events != 0 || report.Commits != 0 {
			t.Errorf("an empty log: %+v", report)
		}
		written := quarrel(t, store, "client")
		report := sound(t, store)
		if report.Events != written || report.End != written || report.CommandIDs != 100 || report.Streams != 55 {
			t.Errorf("%d events were written: %+v", written, report)
		}
	})
}

func TestVerifyWhatSeveralStoresWrote(t *testing.T) {
	config := groupcommit.Config{Schema: pgtest.Schema(t)}
	stores := []*groupcommit.Store{openPostgres(t, config), openPostgres(t, config), openPostgres(t, config)}
	var writing sync.WaitGroup
	for i, store := range stores {
		writing.Go(func() { quarrel(t, store, fmt.Sprint("process", i, "-")) })
	}
	writing.Wait()
	before := sound(t, stores[0])
	if before.CommandIDs != 300 {
		t.Errorf("%+v", before)
	}

	pgtest.Exec(t, "SELECT "+config.Schema+".prune_command_ids('0')")
	after := sound(t, stores[1])
	before.CommandIDs = 0
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("pruning made of %+v\n%+v", before, after)
	}
}

func TestVerifyFindsAForeignRow(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema})
	mustAppend(t, store, write("s"))
	insertForeign(t, schema, 2, 1)
	report, err := store.Verify(t.Context())
	if err != nil || report.Sound() || report.Damages != 1 || report.Findings[0].Position != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestVerifyEndsWithItsStore(t *testing.T) {
	store := openPostgres(t, groupcommit.Config{})
	if err := store.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, err := store.Verify(t.Context())
	wantIs(t, err, groupcommit.ErrClosed)
}
