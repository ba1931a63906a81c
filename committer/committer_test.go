package committer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

var errScripted = errors.New("as scripted")

func wantVersion(t testingT, v *verdict, position, version int64) {
	t.Helper()
	switch {
	case v.err != nil:
		t.Errorf("got %v, want success", v.err)
	case v.result.Last != position || v.result.Versions[0].Version != version:
		t.Errorf("got position %d, version %d, want %d, %d", v.result.Last, v.result.Versions[0].Version, position, version)
	}
}

func wantConflict(t testingT, v *verdict, actual int64) {
	t.Helper()
	conflict, ok := errors.AsType[*command.ConflictError](v.err)
	if !ok {
		t.Errorf("got %v, want a conflict", v.err)
	} else if conflict.Actual != actual {
		t.Errorf("got a conflict at version %d, want %d", conflict.Actual, actual)
	}
}

func wantError(t testing.TB, v *verdict, want error) {
	t.Helper()
	if !errors.Is(v.err, want) {
		t.Errorf("got %v, want %v", v.err, want)
	}
}

func TestChainWithinABatch(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	vs := commit(t, c, log,
		write("a", command.Exact(0), "1"),
		write("a", command.Exact(1), "2", "3"),
		write("a", command.Exact(1), "lost"),
		write("a", command.Any, "4"),
		write("b", command.StreamExists, "lost"),
	)
	wantVersion(t, vs[0], 1, 1)
	wantVersion(t, vs[1], 3, 3)
	wantConflict(t, vs[2], 3)
	wantVersion(t, vs[3], 4, 4)
	wantConflict(t, vs[4], 0)
	if log.appends != 1 {
		t.Errorf("%d commits, want 1", log.appends)
	}
	if n := len(logged(t, log.Log)); n != 4 {
		t.Errorf("%d events, want 4", n)
	}
}

func TestGuardsAndSeveralStreams(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"), write("guard", command.Any, "1", "2"))
	both := func(guard command.Expect) command.Command {
		return command.Command{Streams: []command.StreamWrite{
			{Stream: "a", Expect: command.StreamExists, Events: []command.Event{{Type: "x"}}},
			{Stream: "guard", Expect: guard},
			{Stream: "new", Events: []command.Event{{Type: "y"}, {Type: "z"}}},
		}}
	}
	vs := commit(t, c, log, both(command.Exact(1)), both(command.Exact(2)))
	wantConflict(t, vs[0], 2)
	want := []command.StreamVersion{{Stream: "a", Version: 2}, {Stream: "guard", Version: 2}, {Stream: "new", Version: 2}}
	if r := vs[1].result; r.First != 4 || r.Last != 6 || !slices.Equal(r.Versions, want) {
		t.Errorf("got %+v", r)
	}
}

func TestWarmStreamsAreNotLookedUp(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"))
	looks := len(log.looks)
	commit(t, c, log, write("a", command.Exact(1), "2"), write("new", command.NoStream, "1"))
	if len(log.looks) != looks {
		t.Errorf("looked up %+v", log.looks[looks:])
	}
}

// A conflict that is told although nothing is written has to be true of the log as it is now, not as it was.
func TestConflictAloneIsConfirmed(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"))
	other := committer.New(log, committer.Config{})
	commit(t, other, log, write("a", command.Any, "2"))

	vs := commit(t, c, log, write("a", command.Exact(2), "3"))
	wantVersion(t, vs[0], 3, 3)
	vs = commit(t, c, log, write("a", command.Exact(1), "lost"))
	wantConflict(t, vs[0], 3)
}

func TestLogMoved(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"), write("b", command.Any, "1"))
	commit(t, other, log, write("a", command.Any, "2"))
	vs := commit(t, c, log,
		write("a", command.Exact(1), "lost"), // would win on what c knows
		write("a", command.Exact(2), "3"),    // would lose
		write("b", command.Exact(1), "2"),
	)
	wantConflict(t, vs[0], 2)
	wantVersion(t, vs[1], 4, 3)
	wantVersion(t, vs[2], 5, 2)
}

// A loser within a batch is judged on a winner that has not committed. If the winner turns out to lose, the loser may win.
func TestLoserIsJudgedAgainWithItsBatch(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"), write("guard", command.Any, "1"))
	commit(t, other, log, write("guard", command.Any, "2"))
	winner := write("a", command.Exact(1), "lost")
	winner.Streams = append(winner.Streams, command.StreamWrite{Stream: "guard", Expect: command.Exact(1)})
	vs := commit(t, c, log, winner, write("a", command.Exact(1), "2"))
	wantConflict(t, vs[0], 2)
	wantVersion(t, vs[1], 4, 2)
}

// Whoever assumes that a stream is new learns from the index that it is not, and so does what was judged on that.
func TestAssumptionProvenWrong(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, other, log, write("a", command.Any, "1"))
	commit(t, c, log, write("x", command.Any, "1"))
	vs := commit(t, c, log, write("y", command.NoStream, "1"), write("a", command.NoStream, "lost"), write("x", command.Exact(1), "2"))
	wantVersion(t, vs[0], 3, 1)
	wantConflict(t, vs[1], 1)
	wantVersion(t, vs[2], 4, 2)
}

// A conflict is never told on an assumption: the stream assumed not to exist is looked up first.
func TestNothingIsToldOnAnAssumption(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, other, log, write("a", command.Any, "1"), write("b", command.Any, "1"))
	commit(t, c, log, write("x", command.Any, "1"))
	cmd := command.Command{Streams: []command.StreamWrite{
		{Stream: "a", Expect: command.NoStream, Events: []command.Event{{Type: "lost"}}},
		{Stream: "b", Expect: command.NoStream},
	}}
	vs := commit(t, c, log, cmd, write("a", command.StreamExists, "2"))
	conflict, ok := errors.AsType[*command.ConflictError](vs[0].err)
	if !ok || conflict.Stream != "a" || conflict.Actual != 1 {
		t.Errorf("got %v, want a conflict on a, the first in order", vs[0].err)
	}
	wantVersion(t, vs[1], 4, 2)
}

// Nor is a success: here the command that the assumption was made for is out for another reason, and appends nothing that would
// prove it.
func TestNoGuardRestsOnAnAssumption(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, other, log, write("a", command.Any, "1"))
	commit(t, c, log, write("x", command.Any, "1"))
	id := uuid.New()
	guarded := write("b", command.Any, "lost")
	guarded.Streams = append(guarded.Streams, command.StreamWrite{Stream: "a", Expect: command.NoStream})
	vs := commit(t, c, log, withID(id, write("x", command.Any, "2")), withID(id, write("a", command.NoStream, "reused")), guarded)
	wantVersion(t, vs[0], 3, 2)
	wantReused(t, vs[1], id)
	wantConflict(t, vs[2], 1)
}

// Nor does the cache keep it.
func TestAssumptionIsNotCached(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, other, log, write("a", command.Any, "1"))
	commit(t, c, log, write("x", command.Any, "1"))
	id := uuid.New()
	vs := commit(t, c, log, withID(id, write("x", command.Any, "2")), withID(id, write("a", command.NoStream, "reused")))
	wantReused(t, vs[1], id)
	wantVersion(t, commit(t, c, log, write("a", command.Exact(1), "2"))[0], 4, 2)
}

// A cached version that turns out wrong voids the whole cache.
func TestStaleHead(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"), write("b", command.Any, "1"))
	log.onAppend = once(failsAt(committer.Stale, 0))
	looks := len(log.looks)
	vs := commit(t, c, log, write("a", command.Exact(1), "2"), write("b", command.Exact(1), "2"))
	wantVersion(t, vs[0], 3, 2)
	wantVersion(t, vs[1], 4, 2)
	if asked := log.looks[looks].Streams; !slices.Equal(asked, []string{"a", "b"}) {
		t.Errorf("looked up %q, want both", asked)
	}
}

func TestTransientFailuresAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{})
		log.onAppend = once(fails(committer.Transient), fails(committer.Transient))
		lookFailures := once(fails(committer.Transient))
		log.onLook = func() error { return lookFailures(nil) }
		vs := commit(t, c, log, write("a", command.Exact(0), "1"), write("a", command.Exact(0), "lost"))
		wantVersion(t, vs[0], 1, 1)
		wantConflict(t, vs[1], 1)
	})
}

// Patience counts from the first failure, over all batches: in a long outage later batches are tried once each and given up.
func TestLongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newScript()
		c := committer.New(log, committer.Config{RetryFor: 30 * time.Second})
		down := true
		log.onAppend = func(*committer.Commit) error {
			if down {
				return fails(committer.Transient)
			}
			return nil
		}
		start := time.Now()
		vs := commit(t, c, log, write("a", command.Exact(0), "1"), write("a", command.Exact(7), "lost"))
		wantError(t, vs[0], command.ErrNotWritten)
		wantError(t, vs[1], command.ErrNotWritten)
		if took := time.Since(start); took < 30*time.Second || took > 32*time.Second {
			t.Errorf("given up after %v, want RetryFor and at most a pause more", took)
		}
		appends, start := log.appends, time.Now()
		wantError(t, commit(t, c, log, write("a", command.Exact(0), "1"))[0], command.ErrNotWritten)
		if took := time.Since(start); took > time.Second || log.appends != appends+1 {
			t.Errorf("the next batch took %v and %d attempts", took, log.appends-appends)
		}
		down = false
		wantVersion(t, commit(t, c, log, write("a", command.Exact(0), "1"))[0], 1, 1)
	})
}

func TestPermanentFailure(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	log.onAppend = once(fails(committer.Permanent))
	vs := commit(t, c, log, write("a", command.Any, "1"), write("a", command.Exact(9), "lost"))
	wantError(t, vs[0], command.ErrNotWritten)
	wantError(t, vs[0], errScripted)
	wantError(t, vs[1], command.ErrNotWritten)
	wantVersion(t, commit(t, c, log, write("a", command.NoStream, "1"))[0], 1, 1)
}

func TestRefusedRowIsIsolated(t *testing.T) {
	poisonous := func(commit *committer.Commit) int {
		return slices.IndexFunc(commit.Rows, func(r committer.Row) bool { return r.Stream == "poison" })
	}
	for name, tell := range map[string]func(row int) int{
		"told":     func(row int) int { return row },
		"not told": func(int) int { return -1 },
	} {
		t.Run(name, func(t *testing.T) {
			log := newScript()
			c := committer.New(log, committer.Config{})
			log.onAppend = func(commit *committer.Commit) error {
				if row := poisonous(commit); row >= 0 {
					return failsAt(committer.Refused, tell(row))
				}
				return nil
			}
			poison := write("poison", command.Any, "p")
			poison.Streams = append(poison.Streams, write("a", command.Any, "lost").Streams...)
			vs := commit(t, c, log,
				write("a", command.Exact(0), "1", "2"),
				poison,
				write("a", command.Exact(2), "3"), // conflicts as long as the poison stands before it
				write("a", command.Exact(2), "lost"),
				write("poison", command.Any, "p"),
				write("b", command.Exact(0), "1"),
			)
			wantVersion(t, vs[0], 2, 2)
			wantVersion(t, vs[2], 3, 3)
			wantConflict(t, vs[3], 3)
			wantVersion(t, vs[5], 4, 1)
			for _, i := range []int{1, 4} {
				if rejected, ok := errors.AsType[*command.RejectedError](vs[i].err); !ok || rejected.Code != "99999" {
					t.Errorf("command %d got %v, want a RejectedError", i, vs[i].err)
				}
			}
		})
	}
}

// A log that names a row that is not there has named none.
func TestRefusedRowOutOfRange(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	log.onAppend = once(failsAt(committer.Refused, 1))
	if _, ok := errors.AsType[*command.RejectedError](commit(t, c, log, write("s", command.Any, "1"))[0].err); !ok {
		t.Error("the only command of the batch was not rejected")
	}
}

// Many poisons in one batch are found in halves: one at a time, each would have all the others sent once more.
func TestManyRefusedRows(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	sent := 0
	log.onAppend = func(commit *committer.Commit) error {
		sent += len(commit.Rows)
		return failsAt(committer.Refused, 0)
	}
	var commands []command.Command
	for i := range 1000 {
		commands = append(commands, write(fmt.Sprint(i), command.Any, "x"))
	}
	for _, v := range commit(t, c, log, commands...) {
		if _, ok := errors.AsType[*command.RejectedError](v.err); !ok {
			t.Fatalf("got %v", v.err)
		}
	}
	if sent > 50*len(commands) {
		t.Errorf("%d rows were sent for %d commands", sent, len(commands))
	}
}

func TestForeignRowStopsWriting(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"))
	log.onAppend = once(fails(committer.Taken))
	wantError(t, commit(t, c, log, write("a", command.Any, "2"))[0], command.ErrForeignRow)
	vs := commit(t, c, log, write("a", command.Any, "2"))
	wantError(t, vs[0], command.ErrForeignRow)
	wantError(t, vs[0], command.ErrNotWritten)
}

// The same answer, but the rows belong to a commit: the log has moved, that is all.
func TestTakenPositionOfACommit(t *testing.T) {
	log := newScript()
	c, other := committer.New(log, committer.Config{}), committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"))
	commit(t, other, log, write("b", command.Any, "1"))
	log.onAppend = once(fails(committer.Taken))
	wantVersion(t, commit(t, c, log, write("a", command.Exact(1), "2"))[0], 3, 2)
}

func TestEndedContext(t *testing.T) {
	log := newScript()
	c := committer.New(log, committer.Config{})
	commit(t, c, log, write("a", command.Any, "1"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(command.ErrClosed)
	es, vs := entries(log, write("a", command.Any, "2"))
	complete(ctx, c, es)
	wantError(t, vs[0], command.ErrNotWritten)
	wantError(t, vs[0], command.ErrClosed)
}

// Time grows with the log, also for a writer whose clock is behind.
func TestTimeNeverStandsStill(t *testing.T) {
	log := newScript()
	ahead := time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond)
	snapshot, err := log.Log.Look(t.Context(), committer.Query{})
	if err != nil {
		t.Fatal(err)
	}
	event := command.Event{ID: uuid.New(), Type: "x"}
	row := committer.Row{Stream: "s", Version: 1, Encoded: log.AppendRow(nil, "s", event)}
	next := &committer.Commit{ID: uuid.New(), Parent: snapshot.End, Time: ahead, Rows: []committer.Row{row}}
	if err := log.Log.Append(t.Context(), next, nil); err != nil {
		t.Fatal(err)
	}
	c := committer.New(log, committer.Config{})
	for i := range 3 {
		v := commit(t, c, log, write("a", command.Any, "x"))[0]
		if want := ahead.Add(time.Duration(i+1) * time.Microsecond); !v.result.CommittedAt.Equal(want) {
			t.Errorf("committed at %v, want %v", v.result.CommittedAt, want)
		}
	}
}
