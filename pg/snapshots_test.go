package pg

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
)

// A snapshot is saved while the log still has the end that it had when the events were read, found while its event is there, and replaced by the next
// of its decider version. Of lower versions one is kept.
func TestSnapshots(t *testing.T) {
	store := openForRole(t, Config{Schema: migratedSchema(t)})
	grantSnapshots(t, store)
	before, err := store.Look(t.Context(), committer.Query{})
	if err != nil {
		t.Fatal(err)
	}
	commit := randomCommit(store, before.End, time.Now().UTC().Truncate(time.Microsecond), 2)
	if err := store.Append(t.Context(), commit, nil); err != nil {
		t.Fatal(err)
	}
	row := &commit.Rows[0]
	event, err := store.ReadRow(row.Encoded)
	if err != nil {
		t.Fatal(err)
	}
	state := committer.StateSnapshot{
		SnapshotKey: committer.SnapshotKey{Stream: row.Stream, Decider: "d", DeciderVersion: 1},
		Version:     row.Version, EventID: event.ID, RecordedAt: commit.Time, State: []byte("state"),
	}
	find := func() committer.StateSnapshot {
		found, err := store.FindState(t.Context(), state.SnapshotKey)
		if err != nil {
			t.Fatal(err)
		}
		if found.End != commit.End() {
			t.Errorf("the log ends at %v, want %v", found.End, commit.End())
		}
		return found
	}
	for _, test := range []struct {
		name  string
		end   committer.Point
		alter func()
		found string
	}{
		{"lost end", committer.Point{Position: commit.End().Position, Commit: uuid.New()}, func() {}, ""},
		{"saved", commit.End(), func() {}, "state"},
		{"replaced", commit.End(), func() { state.State = []byte("other") }, "other"},
		{"another event", commit.End(), func() { state.EventID = uuid.New() }, ""},
	} {
		test.alter()
		state.End = test.end
		if err := store.SaveState(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		if found := find(); string(found.State) != test.found || (found.Version != 0) != (test.found != "") || found.Version != 0 && found.EventID != event.ID {
			t.Errorf("%s: found %+v", test.name, found)
		}
	}
	for _, test := range []struct {
		decider int
		kept    []int
	}{
		{1, []int{1}}, {2, []int{1, 2}}, {1, []int{1, 2}}, {4, []int{2, 4}}, {2, []int{2, 4}}, {1, []int{1, 2, 4}}, {9, []int{4, 9}},
	} {
		state.DeciderVersion, state.EventID, state.State = test.decider, event.ID, fmt.Append(nil, test.decider)
		if err := store.SaveState(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		var kept []int
		for state.DeciderVersion = range 10 {
			if found := find(); string(found.State) == fmt.Sprint(state.DeciderVersion) {
				kept = append(kept, state.DeciderVersion)
			}
		}
		if !slices.Equal(kept, test.kept) {
			t.Errorf("saved by version %d: those of %d are there, want %d", test.decider, kept, test.kept)
		}
	}
}

func grantSnapshots(t *testing.T, store *Store) {
	t.Helper()
	owner := schemaConn(t, store.name)
	mustExec(t, owner, "GRANT SELECT, INSERT, UPDATE, DELETE ON snapshots TO "+quote(store.connections.ConnConfig.User))
}
