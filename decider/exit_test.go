package decider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

var exits = isPanic("it ended its goroutine with runtime.Goexit, as FailNow of a test does")

// What ends the goroutine of all commands is told to every one of them, as what it is, and Close comes to its end.
func TestGoroutineThatIsEnded(t *testing.T) {
	ending := false
	exit := func() {
		if ending {
			runtime.Goexit()
		}
	}
	deciding := func(a decider.Handle[account]) func(*decider.Decision) error {
		return func(d *decider.Decision) error { a.Append(d, move(1)); return nil }
	}
	for name, test := range map[string]struct {
		decide func(a decider.Handle[account]) func(*decider.Decision) error
		evolve func(account, groupcommit.RecordedEvent) (account, error)
		hooks  committer.Hooks
		want   error
	}{
		"a decision": {want: groupcommit.ErrNotWritten, evolve: evolve,
			decide: func(a decider.Handle[account]) func(*decider.Decision) error {
				return func(d *decider.Decision) error { exit(); return deciding(a)(d) }
			}},
		"a folding": {want: groupcommit.ErrNotWritten, decide: deciding,
			evolve: func(a account, e groupcommit.RecordedEvent) (account, error) { exit(); return evolve(a, e) }},
		"a hook": {want: groupcommit.ErrOutcomeUnknown, decide: deciding, evolve: evolve,
			hooks: committer.Hooks{Committed: func(committer.CommitInfo) { exit() }}},
		"a hook, and the one that hears of its end": {want: groupcommit.ErrOutcomeUnknown, decide: deciding, evolve: evolve,
			hooks: committer.Hooks{Committed: func(committer.CommitInfo) { exit() }, Stopped: func(error) { exit() }}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ending = false
				memory := memlog.New()
				p := process(memory, memory, committer.Config{Turns: memory.Process(), Hooks: test.hooks})
				a := decider.New(test.evolve).At("a")
				submit := func() *pipeline.Future { return decider.Submit(t.Context(), p, test.decide(a), a) }
				if _, err := submit().Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				ending = true
				ended, behind := submit(), submit()
				synctest.Wait()
				for f, want := range map[*pipeline.Future]error{ended: test.want, behind: test.want, submit(): groupcommit.ErrNotWritten} {
					if _, err := f.Wait(t.Context()); !errors.Is(err, want) || !errors.Is(err, pipeline.ErrStuck) || !exits(err) {
						t.Errorf("got %v, want %v", err, want)
					}
				}
				if stopped := p.Stats().Stopped; !exits(stopped) {
					t.Errorf("stopped because of %v", stopped)
				}
				for range 2 {
					if err := p.Close(t.Context()); !errors.Is(err, pipeline.ErrStuck) {
						t.Error(err)
					}
				}
				if _, err := submit().Wait(t.Context()); !errors.Is(err, groupcommit.ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
				other := process(memory, memory, committer.Config{Turns: memory.Process()})
				defer closing(t, other)
				if _, err := other.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))).Wait(t.Context()); err != nil {
					t.Errorf("another process: %v", err)
				}
			})
		})
	}
}

// Whose state is loaded aside has a goroutine of its own, and ends no other.
func TestGoroutineAsideThatIsEnded(t *testing.T) {
	store := open(t, groupcommit.Config{})
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))); err != nil {
		t.Fatal(err)
	}
	ending := decider.New(func(a account, _ groupcommit.RecordedEvent) (account, error) { runtime.Goexit(); return a, nil })
	asking := func(accounts *decider.Decider[account]) error {
		_, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error { accounts.At("a").State(d); return nil }).Wait(t.Context())
		return err
	}
	for range 2 {
		if err := asking(ending); !exits(err) {
			t.Errorf("got %v", err)
		}
	}
	if err := asking(decider.New(evolve)); err != nil {
		t.Error(err)
	}
}

// A snapshot whose encoding ends its goroutine is lost, and told; the next one is saved.
func TestGoroutineOfSnapshotsThatIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{end: committer.Point{Position: 10}, saved: make(chan committer.StateSnapshot, 1)}
		var told bytes.Buffer
		p := openOn(t, s, 10, slog.New(slog.NewTextHandler(&told, nil)))
		ending := true
		codec := decider.Codec(func(n int) ([]byte, error) {
			if ending {
				ending = false
				runtime.Goexit()
			}
			return json.Marshal(n)
		}, func([]byte) (int, error) { return 0, errPoor })
		counter := func() *decider.Decider[int] { return counting(decider.Snapshots[int]("counter", 1, 1), codec) }
		count(t, p, counter())
		synctest.Wait()
		if !strings.Contains(told.String(), "runtime.Goexit") {
			t.Errorf("told %q", told.String())
		}
		count(t, p, counter())
		synctest.Wait()
		closing(t, p)
		if len(s.saved) != 1 {
			t.Error("nothing was saved any more")
		}
	})
}
