package committer_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// The answer to a commit is lost, and with it the turn. Others append behind it, or in its place, before this process has the turn again: what
// it then sees of the log is no news to be taken over, as its own commit may be a part of it.
func TestDoubtAcrossTurns(t *testing.T) {
	for _, c := range []struct{ written, foreign bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		t.Run(fmt.Sprintf("written=%t/foreign=%t", c.written, c.foreign), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newGated()
				turns := log.Process()
				f := flyOn(t, log, committer.Config{Turns: turns, Hooks: committer.Hooks{Failed: func(class committer.Class, err error) {
					if class != committer.InDoubt && !(class == committer.Moved && c.foreign && !c.written) {
						t.Errorf("%v: %v", class, err)
					}
				}}})
				warm := f.submit(write("s", command.Any, "1"), write("other", command.Any, "1"))
				f.release(f.at(0), outcome{})
				f.release(f.at(0), outcome{})
				wantVersion(t, warm[0], 1, 1)

				a := f.submit(write("s", command.Exact(1), "2"))
				f.release(f.at(2), outcome{})
				foreign := committer.New(log.Log, committer.Config{})
				lost := outcome{before: fails(committer.InDoubt)}
				if c.written {
					lost = outcome{after: fails(committer.InDoubt)}
				}
				turns.Pass(t.Context())
				time.Sleep(100 * time.Millisecond) // until that is noticed
				other := log.Process()
				if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
					t.Fatal(err)
				}
				f.release(f.at(2), lost)
				if c.foreign {
					commit(t, foreign, log.Log, write("s", command.Any, "foreign"), write("other", command.Exact(1), "foreign"))
				}
				other.Pass(t.Context())
				f.settle()
				b := f.submit(write("s", command.Exact(3), "4?"), write("other", command.Exact(1), "2?"))
				f.close()
				switch {
				case !c.foreign:
					wantVersion(t, a[0], 3, 2)
					wantConflict(t, b[0], 2)
					wantVersion(t, b[1], 4, 2)
				case c.written:
					wantVersion(t, a[0], 3, 2)
					wantVersion(t, b[0], 6, 4)
					wantConflict(t, b[1], 2)
				default:
					wantConflict(t, a[0], 2)
					wantConflict(t, b[0], 2)
					wantConflict(t, b[1], 2)
				}
			})
		})
	}
}
