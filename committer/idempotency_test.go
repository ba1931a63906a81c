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

// What is found to be recorded need not be durable yet: a standby that is to have it may be away. It is told once it is, in flight or, when the
// log cannot be looked at for a moment, alone.
func TestRepetitionIsToldOnlyWhenSafe(t *testing.T) {
	for _, unseen := range []*committer.Failure{nil, fails(committer.Transient)} {
		synctest.Test(t, func(t *testing.T) {
			log := newScript()
			cmd := withID(uuid.New(), write("a", command.Exact(0), "1"))
			first := commit(t, committer.New(log, committer.Config{}), log, cmd)[0]
			c := committer.New(log, committer.Config{})
			if unseen != nil {
				looks := once(unseen)
				log.onLook = func() error { return looks(nil) }
			}
			unsafe := 3
			log.onSync = func() error {
				if unsafe > 0 {
					unsafe--
					return errScripted
				}
				return nil
			}
			es, vs := entries(log, cmd, write("a", command.Exact(7), "conflict"))
			vs[0].onTold = func() {
				if unsafe > 0 {
					t.Error("told before it was safe")
				}
			}
			complete(t.Context(), c, es)
			wantDuplicate(t, vs[0], first)
			wantConflict(t, vs[1], 1)
		})
	}
}

func TestRepetitionThatStaysUnsafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		cmd := withID(uuid.New(), write("a", command.Exact(0), "1"))
		first := commit(t, c, log, cmd)[0]
		log.onSync = func() error { return errScripted }
		wantError(t, commit(t, c, log, cmd)[0], command.ErrOutcomeUnknown)
		vs := commit(t, c, log, cmd, write("b", command.Any, "1")) // a commit behind it is as good
		wantDuplicate(t, vs[0], first)
		wantVersion(t, vs[1], 2, 1)
	})
}

// The same for a batch of nothing but repetitions that is in flight behind another.
func TestRepetitionInFlightIsToldOnlyWhenSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newGated()
		c := committer.New(log.Log, committer.Config{})
		commit(t, c, log.Log, write("a", command.Any, "1"))
		cmd := withID(uuid.New(), write("a", command.Exact(1), "2"))
		first := commit(t, c, log.Log, cmd)[0]
		safe := make(chan struct{})
		log.onSync = func() { <-safe }
		f := flyOn(t, log, committer.Config{})
		before := f.submit(write("b", command.Any, "1"))
		f.release(f.at(2), outcome{})
		again := f.submit(cmd)
		f.release(f.at(2), outcome{})
		if f.told(before...) != 1 || f.told(again...) != 0 {
			t.Error("told before it was safe, or too late")
		}
		close(safe)
		f.close()
		wantDuplicate(t, again[0], first)
	})
}

// A batch that writes nothing is in doubt as long as what it repeats may not be safe. That is no commit that is settled.
func TestRepetitionInDoubtIsNotSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{Hooks: committer.Hooks{
			Settled: func(s committer.Settlement) { t.Errorf("settled as %s", s) },
		}})
		cmd := withID(uuid.New(), write("a", command.Any, "1"))
		first := commit(t, c, log, cmd)[0]
		answers := once(errScripted)
		log.onSync = func() error { return answers(nil) }
		wantDuplicate(t, commit(t, c, log, cmd)[0], first)
	})
}
