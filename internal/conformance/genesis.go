package conformance

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
)

func genesis(t *testing.T, open Open) {
	handle := open(t)
	store := handle()
	first := look(t, store, committer.Query{})
	if first.End.Position != 0 {
		t.Errorf("an empty log ends at position %d", first.End.Position)
	}
	if first.End.Commit == uuid.Nil {
		t.Error("an empty log has no identity")
	}
	if first.EndTime.IsZero() || first.EndTime.After(time.Now()) {
		t.Errorf("the time of an empty log is %v", first.EndTime)
	}
	if len(first.Moved) != 0 || len(first.Versions) != 0 || len(first.Records) != 0 {
		t.Errorf("an empty log tells %+v", first)
	}
	if events := readAll(t, store, 0, all); len(events) != 0 {
		t.Errorf("an empty log has %d events", len(events))
	}
	if id, found, err := store.Successor(t.Context(), 0); err != nil || found || id != uuid.Nil {
		t.Errorf("successor in an empty log: %v, %t, %v", id, found, err)
	}
	if other := look(t, handle(), committer.Query{Since: first.End}); other.End != first.End {
		t.Errorf("another handle sees %v, not %v", other.End, first.End)
	}
	if stranger := look(t, open(t)(), committer.Query{}); stranger.End.Commit == first.End.Commit {
		t.Error("two logs have the same identity")
	}
}
