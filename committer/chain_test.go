package committer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
)

func TestCommitsInFlightTakeEffectInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{InFlight: 3})
		a := f.submit(write("s", command.Exact(0), "1"))
		b := f.submit(write("s", command.Exact(1), "2"))
		if len(f.stopped) != 1 {
			t.Fatalf("%d commits under way: the second began before the first owned its place", len(f.stopped))
		}
		f.release(f.at(0), outcome{})
		c := f.submit(write("s", command.Exact(2), "3"), write("s", command.Exact(9), "lost"))
		f.release(f.at(1), outcome{}) // the second owns its place and waits for the first
		f.release(f.at(2), outcome{})
		if n := len(logged(t, f.log.Log)); n != 0 || f.told(a[0], b[0], c[0], c[1]) != 0 {
			t.Fatalf("%d events and %d verdicts before the first has committed", n, f.told(a[0], b[0], c[0], c[1]))
		}
		f.close()
		wantVersion(t, a[0], 1, 1)
		wantVersion(t, b[0], 2, 2)
		wantVersion(t, c[0], 3, 3)
		wantConflict(t, c[1], 3)
	})
}

// A batch that appends nothing stands in the chain all the same: what follows it waits for what is before it.
func TestConflictsInFlightKeepTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{InFlight: 3})
		a := f.submit(write("s", command.Exact(0), "1"))
		f.release(f.at(0), outcome{})
		b := f.submit(write("s", command.Exact(0), "lost"))
		c := f.submit(write("s", command.Exact(1), "2"))
		f.release(f.at(1), outcome{})
		if len(f.stopped) != 1 || f.told(a[0], b[0], c[0]) != 0 {
			t.Fatal("the third commit did not wait for the first")
		}
		f.close()
		wantVersion(t, a[0], 1, 1)
		wantConflict(t, b[0], 1)
		wantVersion(t, c[0], 2, 2)
	})
}

// What was judged on a commit that fails is judged again, whatever it had come to: here a winner becomes a loser and a loser a winner.
func TestFailureInFlight(t *testing.T) {
	for _, class := range []committer.Class{committer.Transient, committer.Stale, committer.Recorded, committer.Refused, committer.Permanent} {
		t.Run(class.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := fly(t, committer.Config{InFlight: 3})
				a := f.submit(write("s", command.Exact(0), "1"))
				f.release(f.at(0), outcome{})
				b := f.submit(write("s", command.Exact(0), "lost?"), write("s", command.Exact(1), "2?"))
				f.release(f.at(1), outcome{})
				f.release(f.at(0), outcome{before: failsAt(class, 0)})
				if class != committer.Refused && class != committer.Permanent && f.told(b...) != 0 {
					t.Fatal("told on a commit that failed")
				}
				f.close()
				if class == committer.Refused || class == committer.Permanent {
					if a[0].err == nil {
						t.Error("told as written")
					}
					wantVersion(t, b[0], 1, 1)
					wantVersion(t, b[1], 2, 2)
					return
				}
				wantVersion(t, a[0], 1, 1)
				wantConflict(t, b[0], 1)
				wantVersion(t, b[1], 2, 2)
			})
		})
	}
}

// A commit fails while the next batch is looking up its streams, and nothing else is in flight to be heard of afterwards.
func TestFailureWhileLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{InFlight: 2})
		commit(t, committer.New(f.log.Log, committer.Config{}), f.log.Log, write("cold", command.Any, "1"))
		a := f.submit(write("s", command.Exact(0), "1"))
		f.release(f.at(1), outcome{})
		looked := make(chan struct{})
		f.log.onLook = func() { <-looked }
		b := f.submit(write("cold", command.Exact(1), "2"), write("s", command.Exact(1), "2"))
		f.release(f.at(1), outcome{before: fails(committer.Transient)})
		f.log.onLook = nil
		close(looked)
		f.close()
		wantVersion(t, a[0], 2, 1)
		wantVersion(t, b[0], 3, 2)
		wantVersion(t, b[1], 4, 2)
	})
}

// While a commit is in doubt nothing behind it is told or takes effect.
func TestDoubtInFlight(t *testing.T) {
	for _, written := range []bool{false, true} {
		t.Run(fmt.Sprint("written=", written), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := fly(t, committer.Config{InFlight: 2})
				a := f.submit(write("s", command.Exact(0), "1"))
				f.release(f.at(0), outcome{})
				b := f.submit(write("s", command.Exact(1), "2"), write("s", command.Exact(0), "lost"))
				f.release(f.at(1), outcome{})
				lost := outcome{before: fails(committer.InDoubt)}
				if written {
					lost = outcome{after: fails(committer.InDoubt)}
				}
				f.release(f.at(0), lost)
				if f.told(a[0], b[0], b[1]) != 0 {
					t.Fatal("told in doubt")
				}
				f.close()
				wantVersion(t, a[0], 1, 1)
				wantVersion(t, b[0], 2, 2)
				wantConflict(t, b[1], 1+1)
				if n := len(logged(t, f.log.Log)); n != 2 {
					t.Errorf("%d events, want 2", n)
				}
			})
		})
	}
}

// An ID that is in flight is a repetition, and told with the first.
func TestRepetitionInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{InFlight: 2})
		id := uuid.New()
		a := f.submit(withID(id, write("s", command.Exact(0), "1")))
		f.release(f.at(0), outcome{})
		b := f.submit(withID(id, write("s", command.Exact(0), "1")), withID(id, write("s", command.Any, "other")), write("s", command.Any, "2"))
		f.close()
		wantVersion(t, a[0], 1, 1)
		wantDuplicate(t, b[0], a[0])
		wantReused(t, b[1], id)
		wantVersion(t, b[2], 2, 2)
	})
}

// One goroutine's commands, each expecting the one before, over several commits in flight that fail at random: none conflicts.
func TestSubmitterOrderUnderFailures(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			f := fly(t, committer.Config{InFlight: 1 + random.IntN(3)})
			var all []*verdict
			for version := int64(0); version < 20; {
				if random.IntN(3) > 0 && len(f.stopped) > 0 {
					f.release(f.stopped[random.IntN(len(f.stopped))], randomOutcome(random))
					continue
				}
				var batch []command.Command
				for range 1 + random.IntN(3) {
					batch = append(batch, write("s", command.Exact(version), "x"))
					version++
				}
				all = append(all, f.submit(batch...)...)
			}
			f.close()
			for i, v := range all {
				if v.told != 1 {
					rt.Fatalf("command %d was told %d times", i, v.told)
				}
				wantVersion(rt, v, int64(i+1), int64(i+1))
			}
		})
	})
}

func randomOutcome(random *rand.Rand) outcome {
	switch random.IntN(8) {
	case 0:
		return outcome{before: fails(committer.Transient)}
	case 1:
		return outcome{before: fails(committer.InDoubt)}
	case 2:
		return outcome{after: fails(committer.InDoubt)}
	case 3:
		return outcome{before: failsAt(committer.Stale, 0)}
	default:
		return outcome{}
	}
}

// Random commands over several commits in flight, with failures at every step of each and another process that appends in between. The
// log explains every verdict: a success by its place, a conflict by a place between its submission and its verdict.
func TestLogExplainsVerdictsInFlight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			config := committer.Config{InFlight: 1 + random.IntN(3), HeadStreams: 1 + random.IntN(5)}
			var turns *memlog.Process
			log := newGated()
			if random.IntN(2) == 0 {
				turns = log.Process()
				config.Turns = turns
			}
			m := &witness{t: rt, random: random, f: flyOn(t, log, config)}
			m.other = committer.New(m.f.log.Log, committer.Config{}) // waits for no turn
			for range 40 {
				switch {
				case turns != nil && random.IntN(8) == 0:
					turns.Pass(t.Context()) // it is lost
					time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
					m.f.settle()
				case random.IntN(10) == 0:
					commit(t, m.other, m.f.log.Log, write(m.stream(), command.Any, "foreign"))
					m.f.settle()
				case random.IntN(3) > 0 && len(m.f.stopped) > 0:
					m.f.release(m.f.stopped[random.IntN(len(m.f.stopped))], randomOutcome(random))
				default:
					m.submit()
				}
			}
			m.f.close()
			m.check(t)
		})
	})
}

type witness struct {
	t      *rapid.T
	random *rand.Rand
	f      *flown
	other  *committer.Committer
	seen   []*witnessed
}

// witnessed is a command with the ends of the log between which it was judged.
type witnessed struct {
	cmd         command.Command
	v           *verdict
	first, last int
}

func (m *witness) stream() string { return string(rune('a' + m.random.IntN(4))) }

func (m *witness) submit() {
	var commands []command.Command
	for range 1 + m.random.IntN(4) {
		cmd := write(m.stream(), command.Expect(m.random.IntN(7)-2), "x")
		if guard := m.stream(); guard != cmd.Streams[0].Stream && m.random.IntN(3) == 0 {
			cmd.Streams = append(cmd.Streams, command.StreamWrite{Stream: guard, Expect: command.Expect(m.random.IntN(5) - 2)})
		}
		if m.random.IntN(3) == 0 {
			cmd.ID = uuid.New()
		}
		commands = append(commands, cmd)
	}
	es, vs := entries(m.f.log, commands...)
	for i, v := range vs {
		w := &witnessed{cmd: commands[i], v: v, first: m.end()}
		v.onTold = func() { w.last = m.end() }
		m.seen = append(m.seen, w)
	}
	m.f.batches <- es
	m.f.settle()
}

func (m *witness) end() int {
	snapshot, err := m.f.log.Log.Look(m.f.t.Context(), committer.Query{})
	if err != nil {
		m.t.Fatal(err)
	}
	return int(snapshot.End.Position)
}

func (m *witness) check(t *testing.T) {
	events := logged(t, m.f.log.Log)
	states := []map[string]int64{{}} // versions with the log ending at each position
	for _, e := range events {
		next := map[string]int64{}
		for stream, version := range states[len(states)-1] {
			next[stream] = version
		}
		next[e.Stream] = e.Version
		states = append(states, next)
	}
	written := 0
	for _, w := range m.seen {
		if w.v.told != 1 {
			m.t.Fatalf("told %d times: %+v", w.v.told, w.cmd)
		}
		conflict, conflicts := errors.AsType[*command.ConflictError](w.v.err)
		switch {
		case w.v.err == nil:
			written++
			if got := firstConflict(&w.cmd, states[w.v.result.First-1]); got != nil {
				m.t.Fatalf("success of %+v at %d, where %v", w.cmd, w.v.result.First, got)
			}
		case conflicts:
			explained := false
			for at := w.first; at <= w.last && !explained; at++ {
				got := firstConflict(&w.cmd, states[at])
				explained = got != nil && *got == *conflict
			}
			if !explained {
				m.t.Fatalf("nothing from %d to %d explains %v for %+v", w.first, w.last, conflict, w.cmd)
			}
		default:
			m.t.Fatalf("got %v", w.v.err)
		}
	}
	foreign := 0
	for _, e := range events {
		if e.Type == "foreign" {
			foreign++
		}
	}
	if written+foreign != len(events) {
		m.t.Fatalf("%d events, %d were acknowledged", len(events), written+foreign)
	}
}

func firstConflict(cmd *command.Command, versions map[string]int64) *command.ConflictError {
	for _, s := range cmd.Streams {
		if !s.Expect.Holds(versions[s.Stream]) {
			return &command.ConflictError{Stream: s.Stream, Expected: s.Expect, Actual: versions[s.Stream]}
		}
	}
	return nil
}

func TestFlightsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fly(t, committer.Config{InFlight: 2, RetryFor: 3 * time.Second})
		a := f.submit(write("s", command.Any, "1"))
		f.release(f.at(0), outcome{})
		b := f.submit(write("s", command.Any, "2"))
		time.Sleep(time.Minute) // of the bubble: nothing is ever released
		f.settle()
		if f.told(a[0], b[0]) != 2 {
			t.Fatal("a commit that is stuck is never given up")
		}
		wantError(t, a[0], command.ErrOutcomeUnknown)
		f.close()
	})
}
