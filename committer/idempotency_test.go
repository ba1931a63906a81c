package committer_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

func wantDuplicate(t testingT, v, first *verdict) {
	t.Helper()
	want := first.result
	want.Duplicate = true
	if v.err != nil || !reflect.DeepEqual(v.result, want) {
		t.Errorf("got %+v, %v, want %+v", v.result, v.err, want)
	}
}

func wantReused(t testing.TB, v *verdict, id uuid.UUID) {
	t.Helper()
	if reused, ok := errors.AsType[*command.ReusedIDError](v.err); !ok || reused.ID != id {
		t.Errorf("got %v, want a ReusedIDError", v.err)
	}
}

// The streams have moved on since, so that the repetition would be a conflict by its expectation.
func TestRepetitionByTheSameAndAnotherProcess(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	id := uuid.New()
	cmd := withID(id, write("a", command.Exact(0), "1"))
	first := commit(t, c, log, cmd)[0]
	commit(t, c, log, write("a", command.Any, "2"))
	wantDuplicate(t, commit(t, c, log, cmd)[0], first)
	wantDuplicate(t, commit(t, other, log, cmd)[0], first)
	wantReused(t, commit(t, other, log, withID(id, write("a", command.Exact(0), "other")))[0], id)
	if n := len(logged(t, log.Log)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// With Any there is no conflict that would make anybody look: the index finds it.
func TestRepetitionThatWouldNotConflict(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	id := uuid.New()
	cmd := withID(id, write("a", command.Any, "1"))
	first := commit(t, c, log, cmd)[0]
	vs := commit(t, c, log, write("a", command.Exact(1), "2"), cmd, withID(id, write("b", command.Any, "other")), write("a", command.Exact(2), "3"))
	wantVersion(t, vs[0], 2, 2)
	wantDuplicate(t, vs[1], first)
	wantReused(t, vs[2], id)
	wantVersion(t, vs[3], 3, 3)
}

func TestRepetitionInOneBatch(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	id := uuid.New()
	cmd := withID(id, write("a", command.Exact(0), "1"))
	vs := commit(t, c, log, cmd, cmd, withID(id, write("a", command.Any, "other")))
	wantVersion(t, vs[0], 1, 1)
	wantDuplicate(t, vs[1], vs[0])
	wantReused(t, vs[2], id)
}

// What was refused is not recorded: a repetition is judged afresh.
func TestConflictIsNotRecorded(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	cmd := withID(uuid.New(), write("a", command.Exact(1), "2"))
	wantConflict(t, commit(t, c, log, cmd)[0], 0)
	commit(t, c, log, write("a", command.Any, "1"))
	v := commit(t, c, log, cmd)[0]
	wantVersion(t, v, 2, 2)
	if v.result.Duplicate {
		t.Error("told as a duplicate")
	}
}

// A repetition within a batch whose commit stays in doubt is in doubt as the first is: it would be wrong to say that a command with this ID
// was certainly not written.
func TestRepetitionInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		id := uuid.New()
		cmd := withID(id, write("a", command.Exact(0), "1"))
		log.onAppend = func(*committer.Commit) error { return fails(committer.InDoubt) }
		vs := commit(t, c, log, cmd, cmd, withID(id, write("a", command.Any, "other")))
		wantError(t, vs[0], command.ErrOutcomeUnknown)
		wantError(t, vs[1], command.ErrOutcomeUnknown)
		wantError(t, vs[2], command.ErrNotWritten) // another command, whatever its ID
	})
}

// A retry after an unknown outcome gives the first result if it did take effect after all.
func TestRepetitionAfterUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		cmd := withID(uuid.New(), write("a", command.Exact(0), "1"))
		lost := fails(committer.InDoubt)
		log.answer = func(error) error { return lost }
		log.onSync = func() error { return errScripted }
		wantError(t, commit(t, c, log, cmd)[0], command.ErrOutcomeUnknown)
		log.answer, log.onSync = nil, nil
		v := commit(t, c, log, cmd)[0]
		if v.err != nil || !v.result.Duplicate || v.result.First != 1 {
			t.Errorf("got %+v, %v, want the first result", v.result, v.err)
		}
	})
}
