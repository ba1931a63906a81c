package committer_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
)

// histories are logs that do not hold what was committed at position 2, behind which a batch follows that writes to stream a at version 2. In
// each the stream is at another version, or there are other events in its way.
var histories = map[string][]command.Command{
	"empty":                   nil,
	"shorter":                 {write("a", command.Any, "other")},
	"of the same length":      {write("a", command.Any, "other"), write("b", command.Any, "other")},
	"one commit for two":      {write("a", command.Any, "other", "other")},
	"longer":                  {write("b", command.Any, "other"), write("b", command.Any, "other"), write("b", command.Any, "other")},
	"longer, the same stream": {write("a", command.Any, "other"), write("a", command.Any, "other"), write("a", command.Any, "other")},
}

// fallBack gives the log another history than the one that the committer knows.
func fallBack(t *testing.T, log *script, history []command.Command) {
	t.Helper()
	log.Log = memlog.New()
	for _, cmd := range history {
		commit(t, committer.New(log, committer.Config{}), log, cmd)
	}
}

// written is a committer whose log has two commits, with stream a at version 1.
func written(t *testing.T, log *script, config committer.Config) *committer.Committer {
	t.Helper()
	c := committer.New(log, config)
	commit(t, c, log, write("a", command.Any, "1"))
	commit(t, c, log, write("b", command.Any, "1"))
	return c
}

func TestLostCommitsStopWriting(t *testing.T) {
	for name, history := range histories {
		for next, cmd := range map[string]command.Command{
			"known stream": write("a", command.Exact(1), "2"), "new stream": write("c", command.NoStream, "1"), "conflict": write("a", command.Exact(7), "8"),
		} {
			t.Run(name+"/"+next, func(t *testing.T) {
				log := newScript()
				var told bytes.Buffer
				c := written(t, log, committer.Config{Logger: slog.New(slog.NewTextHandler(&told, nil))})
				fallBack(t, log, history)
				before := len(logged(t, log.Log))
				for range 3 {
					v := commit(t, c, log, cmd)[0]
					wantError(t, v, command.ErrLostCommits)
					wantError(t, v, command.ErrNotWritten)
				}
				if n := len(logged(t, log.Log)); n != before {
					t.Errorf("%d events, want %d: nothing is written behind anyone", n, before)
				}
				if n := strings.Count(told.String(), "writing has stopped"); n != 1 {
					t.Errorf("told of it %d times, want once:\n%s", n, &told)
				}
			})
		}
	}
}

// Who accepts it is judged by what the log has, whatever was known before.
func TestLostCommitsAreAccepted(t *testing.T) {
	for name, history := range histories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newScript()
				var told bytes.Buffer
				c := written(t, log, committer.Config{AcceptLostCommits: true, Logger: slog.New(slog.NewTextHandler(&told, nil))})
				fallBack(t, log, history)
				end := int64(len(logged(t, log.Log)))
				before, err := log.StreamVersion(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				vs := commit(t, c, log, write("a", command.Any, "next"), write("a", command.Exact(before+7), "conflict"), write("b", command.Any, "next"))
				wantVersion(t, vs[0], end+1, before+1)
				wantConflict(t, vs[1], before+1)
				commit(t, c, log, write("c", command.NoStream, "1"))
				if n := int64(len(logged(t, log.Log))); n != end+3 {
					t.Errorf("%d events, want %d", n, end+3)
				}
				if n := strings.Count(told.String(), "commits are lost"); n != 1 {
					t.Errorf("told of it %d times, want once:\n%s", n, &told)
				}
			})
		})
	}
}

// Two commits are in flight when it shows. Both are judged anew, in their order.
func TestLostCommitsAreAcceptedInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{AcceptLostCommits: true})
		first := f.submit(write("a", command.Any, "1"))
		f.release(f.at(0), outcome{})
		f.release(f.at(0), outcome{})
		wantVersion(t, first[0], 1, 1)
		second := f.submit(write("a", command.Exact(1), "2"), write("a", command.Exact(0), "1"))
		third := f.submit(write("a", command.Exact(2), "3"), write("a", command.Any, "2"))
		f.log.Log = memlog.New()
		f.close()
		wantConflict(t, second[0], 0)
		wantVersion(t, second[1], 1, 1)
		wantConflict(t, third[0], 1)
		wantVersion(t, third[1], 2, 2)
	})
}

// A log that says one thing when it is looked at and another when it is appended to is not asked for ever, nor told of each time.
func TestLostAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, told := newScript(), &told{}
		c := committer.New(log, committer.Config{AcceptLostCommits: true, RetryFor: 10 * time.Second, Logger: told.logger()})
		log.onAppend = func(*committer.Commit) error { return fails(committer.Lost) }
		v := commit(t, c, log, write("a", command.Any, "1"))[0]
		wantError(t, v, command.ErrNotWritten)
		wantError(t, v, command.ErrLostCommits)
		if log.appends > 100 {
			t.Errorf("%d attempts", log.appends)
		}
		wantTold(t, told, "commits are lost", 4) // at once, and then after silences of 1, 2 and 4 s
		log.onAppend = nil
		wantVersion(t, commit(t, c, log, write("a", command.Any, "1"))[0], 1, 1)
	})
}

// What is accepted is a loss, not another log.
func TestReplacedLogStopsWriting(t *testing.T) {
	for _, accept := range []bool{false, true} {
		log := newScript()
		c := written(t, log, committer.Config{AcceptLostCommits: accept})
		log.onAppend = once(fails(committer.Replaced))
		for range 2 {
			wantError(t, commit(t, c, log, write("a", command.Any, "2"))[0], command.ErrLostCommits)
		}
	}
}
