package committer_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// told is what a Logger was told. It is read when the committer has come to an end.
type told struct{ strings.Builder }

func (t *told) logger() *slog.Logger { return slog.New(slog.NewTextHandler(t, nil)) }

func wantTold(t *testing.T, log *told, message string, times int) {
	t.Helper()
	if n := strings.Count(log.String(), message); n != times {
		t.Errorf("%q was told %d times, want %d:\n%s", message, n, times, log.String())
	}
}

// However a commit comes through an outage, it is told that there is one, and that it is over.
func TestOutageIsTold(t *testing.T) {
	for name, errs := range map[string][]error{
		"tried again":                  {fails(committer.Transient)},
		"in doubt, and then no answer": {fails(committer.InDoubt), fails(committer.Transient)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, told := newScript(), &told{}
				c := committer.New(log, committer.Config{Logger: told.logger()})
				log.onAppend = once(errs...)
				wantVersion(t, commit(t, c, log, write("a", command.Any, "1"))[0], 1, 1)
				wantTold(t, told, "tried again", 1)
				wantTold(t, told, "writing goes on", 1)
			})
		})
	}
}

// However long it lasts and however many batches fail meanwhile, it is told at first and then rarely. What comes after a success is told at once.
func TestLongTroubleIsToldRarely(t *testing.T) {
	for message, class := range map[string]committer.Class{
		"writing fails, and is tried again": committer.Transient,
		"a batch cannot be written":         committer.Permanent,
	} {
		t.Run(message, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const hour = 1 + 10 + 4 // at first, after 1 s, 2 s, 4 s, ..., 512 s, and then every ten minutes
				log, told := newScript(), &told{}
				c := committer.New(log, committer.Config{Logger: told.logger()})
				log.onAppend = func(*committer.Commit) error { return fails(class) }
				for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(10 * time.Millisecond) {
					wantError(t, commit(t, c, log, write("a", command.Any, "1"))[0], command.ErrNotWritten)
				}
				times := strings.Count(told.String(), message)
				if times < hour-4 || times > hour {
					t.Errorf("told %d times in an hour:\n%s", times, told)
				}
				log.onAppend = once(nil, fails(class))
				commit(t, c, log, write("a", command.Any, "1"))
				commit(t, c, log, write("a", command.Any, "2"))
				wantTold(t, told, message, times+1)
			})
		})
	}
}

// The same for a commit in doubt: once a second would be thirty times.
func TestLongDoubtIsToldRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, told := newScript(), &told{}
		c := committer.New(log, committer.Config{Logger: told.logger(), RetryFor: 30 * time.Second})
		log.onAppend = func(*committer.Commit) error { return fails(committer.InDoubt) }
		wantError(t, commit(t, c, log, write("a", command.Any, "1"))[0], command.ErrOutcomeUnknown)
		wantTold(t, told, "what became of a commit", 5) // at first, after 1 s, 2 s, 4 s, 8 s
	})
}

// An outage is over, too, when the answer is that another process has appended meanwhile.
func TestOutageEndsWithALogThatMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, told := newScript(), &told{}
		c := committer.New(log, committer.Config{Logger: told.logger()})
		log.onAppend = once(fails(committer.Transient), fails(committer.Moved))
		wantVersion(t, commit(t, c, log, write("a", command.Any, "1"))[0], 1, 1)
		wantTold(t, told, "writing goes on", 1)
	})
}

// The turn is lost, and another process has appended before that is noticed in any other way.
func TestTurnLostToAnotherIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, told, losses := newGated(), &told{}, 0
		turns := log.Process()
		f := flyOn(t, log, committer.Config{Turns: turns, Logger: told.logger(), Hooks: committer.Hooks{TurnLost: func(error) { losses++ }}})
		late := f.submit(write("s", command.Any, "2"))
		turns.Pass(t.Context())
		commit(t, committer.New(log.Log, committer.Config{}), log.Log, write("s", command.Any, "1"))
		f.release(f.at(0), outcome{})
		f.close()
		wantVersion(t, late[0], 2, 2)
		wantTold(t, told, "the turn was lost", 1)
		if losses != 1 {
			t.Errorf("%d losses", losses)
		}
	})
}

// Who goes on in the place of a process that does not pass the turn on has waited for it. A line of others is nothing to be told of.
func TestLongWaitForTheTurnIsTold(t *testing.T) {
	for wait, times := range map[time.Duration]int{time.Second: 0, 2 * time.Second: 1} {
		synctest.Test(t, func(t *testing.T) {
			log, told := newGated(), &told{}
			other := log.Process()
			if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
				t.Fatal(err)
			}
			f := flyOn(t, log, committer.Config{Turns: log.Process(), Logger: told.logger()})
			late := f.submit(write("s", command.Any, "1"))
			time.Sleep(wait)
			other.Pass(t.Context())
			f.close()
			wantVersion(t, late[0], 1, 1)
			wantTold(t, told, "waited long", times)
		})
	}
}
