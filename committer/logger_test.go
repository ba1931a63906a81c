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
				wantTold(t, told, "trying", 1)
				wantTold(t, told, "writing goes on", 1)
			})
		})
	}
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
