package committer_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// The answer to a commit is lost, with and without the commit having taken effect, and what follows fails in turn in every way that is
// not an answer. The verdicts must be the same each time, and everything be written once.
func TestInDoubtIsSettled(t *testing.T) {
	lost := fails(committer.InDoubt)
	for _, written := range []bool{false, true} {
		for _, then := range []error{
			nil, fails(committer.Transient), fails(committer.InDoubt), fails(committer.Permanent), fails(committer.Replaced),
		} {
			t.Run(fmt.Sprintf("written=%v/then=%v", written, then), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log := newScript()
					var settled []committer.Settlement
					c := committer.New(log, committer.Config{Hooks: committer.Hooks{
						Settled: func(s committer.Settlement) { settled = append(settled, s) },
					}})
					commit(t, c, log, write("a", command.Any, "0"))
					if written {
						answers := once(lost)
						log.answer = func(err error) error {
							if told := answers(nil); told != nil {
								return told
							}
							return err
						}
						log.onAppend = once(nil, then)
					} else {
						log.onAppend = once(lost, then)
					}
					vs := commit(t, c, log, write("a", command.Exact(1), "1"), write("a", command.Exact(1), "lost"))
					wantVersion(t, vs[0], 2, 2)
					wantConflict(t, vs[1], 2)
					if n := len(logged(t, log.Log)); n != 2 {
						t.Errorf("%d events, want 2", n)
					}
					if len(settled) != 1 || settled[0] != committer.SettledCommitted {
						t.Errorf("settled as %q", settled)
					}
					wantVersion(t, commit(t, c, log, write("a", command.Exact(2), "2"))[0], 3, 3)
				})
			})
		}
	}
}

// The lost commit did not take effect, and another process was quicker with the next one.
func TestInDoubtAndOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c, other := committer.New(log, committer.Config{}), committer.New(log.Log, committer.Config{})
		commit(t, c, log, write("a", command.Any, "0"))
		first := true
		log.onAppend = func(*committer.Commit) error {
			if first {
				first = false
				commit(t, other, log.Log, write("a", command.Any, "1"))
				return fails(committer.InDoubt)
			}
			return nil
		}
		vs := commit(t, c, log, write("a", command.Exact(1), "lost"), write("a", command.Exact(2), "2"))
		wantConflict(t, vs[0], 2)
		wantVersion(t, vs[1], 3, 3)
	})
}

// What is found to be ours is not told before the log says that it is safe.
func TestOursIsToldOnlyWhenSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		answers := once(fails(committer.InDoubt))
		log.answer = func(err error) error {
			if told := answers(nil); told != nil {
				return told
			}
			return err
		}
		unsafe := 3
		log.onSync = func() error {
			if unsafe > 0 {
				unsafe--
				return errScripted
			}
			return nil
		}
		es, vs := entries(log, write("a", command.Any, "1"))
		vs[0].onTold = func() {
			if unsafe > 0 {
				t.Error("told before it was safe")
			}
		}
		complete(t.Context(), c, es)
		wantVersion(t, vs[0], 1, 1)
	})
}

func TestUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{RetryFor: 30 * time.Second})
		commit(t, c, log, write("a", command.Any, "0"))
		log.onAppend = func(*committer.Commit) error { return fails(committer.InDoubt) }
		vs := commit(t, c, log, write("a", command.Exact(1), "1"), write("a", command.Exact(1), "lost"))
		wantError(t, vs[0], command.ErrOutcomeUnknown)
		wantError(t, vs[1], command.ErrNotWritten)
		log.onAppend = nil
		wantVersion(t, commit(t, c, log, write("a", command.Exact(1), "1"))[0], 2, 2)
	})
}
