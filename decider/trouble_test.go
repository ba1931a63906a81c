package decider_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// What is wrong with one decision is its own affair: those around it, on the same stream, are not touched.
func TestTroubleStaysAlone(t *testing.T) {
	store := open(t, groupcommit.Config{})
	fragile := decider.New(func(a account, e groupcommit.RecordedEvent) (account, error) {
		switch e.Type {
		case "Panics":
			panic("evolve")
		case "Fails":
			return a, errPoor
		}
		return evolve(a, e)
	})
	a := fragile.At("a")
	submit := func(decide func(d *decider.Decision) error) *groupcommit.Future {
		return decider.Submit(t.Context(), store, decide, a)
	}
	appending := func(e groupcommit.Event) func(*decider.Decision) error {
		return func(d *decider.Decision) error { a.Append(d, e); return nil }
	}
	good := func() *groupcommit.Future { return submit(appending(move(1))) }
	for name, test := range map[string]struct {
		decide func(d *decider.Decision) error
		want   func(error) bool
	}{
		"panic in decide": {func(*decider.Decision) error { panic("decide") }, isPanic("decide")},
		"panic with an error": {func(*decider.Decision) error { panic(errPoor) },
			func(err error) bool { return isPanic(errPoor.Error())(err) && errors.Is(err, errPoor) }},
		"panic in evolve": {appending(groupcommit.Event{Type: "Panics"}), isPanic("evolve")},
		"error in evolve": {appending(groupcommit.Event{Type: "Fails"}), func(err error) bool {
			e, ok := errors.AsType[*groupcommit.EvolveError](err)
			return ok && e.Stream == "a" && e.Type == "Fails" && errors.Is(err, errPoor)
		}},
		"no type":   {appending(groupcommit.Event{}), isInvalid("Streams[0].Events[0].Type")},
		"no JSON":   {appending(groupcommit.Event{Type: "t", Data: []byte("{")}), isInvalid("Streams[0].Events[0].Data")},
		"a channel": {appending(groupcommit.JSON("t", make(chan int))), isInvalid("Streams[0].Events[0].Data")},
		"too large": {appending(groupcommit.JSON("t", strings.Repeat("x", 2<<20))), isInvalid("Streams[0].Events[0].Data")},
	} {
		t.Run(name, func(t *testing.T) {
			before, bad, after := good(), submit(test.decide), good()
			if _, err := bad.Wait(t.Context()); !test.want(err) {
				t.Errorf("got %v", err)
			}
			first, err := before.Wait(t.Context())
			second, err2 := after.Wait(t.Context())
			if err != nil || err2 != nil || second.Version("a") != first.Version("a")+1 {
				t.Errorf("%+v, %v; %+v, %v", first, err, second, err2)
			}
		})
	}
}

func isPanic(value string) func(error) bool {
	return func(err error) bool {
		p, ok := errors.AsType[*groupcommit.PanicError](err)
		return ok && fmt.Sprint(p.Value) == value && strings.Contains(string(p.Stack), "decider_test")
	}
}

func isInvalid(field string) func(error) bool {
	return func(err error) bool {
		invalid, ok := errors.AsType[*groupcommit.InvalidError](err)
		return ok && invalid.Field == field
	}
}

// An event that cannot be folded, in the log by a plain command, fails the decisions that need its stream, and nothing else.
func TestUnreadableStream(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	one := func(d *decider.Decision) error { a.Append(d, move(1)); return nil }
	if _, err := decider.Submit(t.Context(), store, one, a).Wait(t.Context()); err != nil { // the state is in memory
		t.Fatal(err)
	}
	odd := store.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, groupcommit.JSON("Moved", "no object")))
	failed := decider.Submit(t.Context(), store, one, a)
	plain := store.Submit(t.Context(), groupcommit.To("a", groupcommit.Exact(2), move(1)))
	if _, err := groupcommit.WaitAll(t.Context(), odd, plain); err != nil {
		t.Error(err)
	}
	for range 2 {
		_, err := failed.Wait(t.Context())
		if e, ok := errors.AsType[*groupcommit.EvolveError](err); !ok || e.Stream != "a" || e.Version != 2 {
			t.Errorf("got %v", err)
		}
		failed = decider.Submit(t.Context(), store, one, a)
	}
	_, _ = failed.Wait(t.Context())
}

// What decisions append is not known when the batch is made: more than a commit may hold goes into several, and the order stays.
func TestLargeDecisions(t *testing.T) {
	largest := 0
	store := open(t, groupcommit.Config{BatchBytes: 100_000, Hooks: groupcommit.Hooks{Committed: func(c groupcommit.CommitInfo) { largest = max(largest, c.Bytes) }}})
	a := decider.New(evolve).At("a")
	large := groupcommit.JSON("Large", strings.Repeat("x", 10_000))
	var futures []*groupcommit.Future
	for range 100 {
		futures = append(futures, decider.Submit(t.Context(), store, func(d *decider.Decision) error { a.Append(d, large); return nil }, a))
	}
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, f := range futures {
		if result, err := f.Result(); err != nil || result.Version("a") != int64(i+1) {
			t.Errorf("decision %d: %+v, %v", i, result, err)
		}
	}
	if largest > 120_000 {
		t.Errorf("a commit of %d bytes", largest)
	}
}

func TestSlowDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []groupcommit.OverrunInfo
		store, err := groupcommit.OpenInMemory(groupcommit.Config{Hooks: groupcommit.Hooks{Overran: func(info groupcommit.OverrunInfo) { told = append(told, info) }}})
		if err != nil {
			t.Fatal(err)
		}
		a := decider.New(evolve).At("a")
		for _, takes := range []time.Duration{90 * time.Millisecond, 200 * time.Millisecond} {
			if _, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error {
				time.Sleep(takes)
				a.Append(d, move(1))
				return nil
			}, a).Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := store.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if len(told) != 1 || !told[0].Returned || told[0].Took != 200*time.Millisecond || told[0].Stream != "a" {
			t.Errorf("%+v", told)
		}
	})
}

// A decision that never returns is told, and Close comes to its end: every future is resolved, and nothing is written when it returns after all.
func TestDecisionThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan groupcommit.OverrunInfo, 1)
		memory := memlog.New()
		config := committer.Config{Turns: memory.Process(), Hooks: committer.Hooks{Overran: func(info committer.OverrunInfo) { told <- info }}}
		p := process(memory, memory, config)
		a := decider.New(evolve).At("a")
		submit := func(decide func(d *decider.Decision) error) *pipeline.Future {
			return decider.Submit(t.Context(), p, decide, a)
		}
		ok := func(d *decider.Decision) error { a.Append(d, move(1)); return nil }
		if _, err := submit(ok).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		comeBack := make(chan struct{})
		stuck := submit(func(d *decider.Decision) error {
			<-comeBack
			return ok(d)
		})
		synctest.Wait()
		behind := submit(ok)
		if info := <-told; info.Returned || info.Took < time.Second || info.Stream != "a" {
			t.Errorf("%+v", info)
		}
		if p.Deciding() < time.Second {
			t.Errorf("deciding for %v", p.Deciding())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := p.Close(ctx); !errors.Is(err, pipeline.ErrStuck) || time.Since(began) > 1500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := p.Close(t.Context()); !errors.Is(err, pipeline.ErrStuck) {
			t.Errorf("the second time: %v", err)
		}
		for _, f := range []*pipeline.Future{stuck, behind} {
			if _, err := f.Wait(t.Context()); !errors.Is(err, groupcommit.ErrNotWritten) {
				t.Errorf("got %v", err)
			}
		}
		close(comeBack)
		synctest.Wait()
		if version, err := memory.StreamVersion(t.Context(), "a"); version != 1 || err != nil {
			t.Errorf("version %d, %v", version, err)
		}
	})
}

// A refusal that was decided on a commit that comes to nothing is decided again, and never told.
func TestRefusalOnWhatIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memlog.New()
		var failing atomic.Bool
		log := &late{Log: memory, owned: make(chan struct{}), fail: make(chan struct{}), failing: &failing}
		p := process(log, memory, committer.Config{})
		a := decider.New(evolve).At("a")
		if _, err := p.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(10))).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		withdraw := func(amount int64) func(*decider.Decision) error {
			return func(d *decider.Decision) error {
				if a.State(d).Balance < amount {
					return errPoor
				}
				a.Append(d, move(-amount))
				return nil
			}
		}
		failing.Store(true)
		first := decider.Submit(t.Context(), p, withdraw(10), a)
		<-log.owned
		second := decider.Submit(t.Context(), p, withdraw(5), a)
		time.Sleep(time.Second) // it lingers, and is judged on the commit in flight
		if _, err := second.Result(); !errors.Is(err, groupcommit.ErrPending) {
			t.Errorf("told before it was final: %v", err)
		}
		failing.Store(false)
		close(log.fail)
		if _, err := first.Wait(t.Context()); !errors.Is(err, groupcommit.ErrNotWritten) {
			t.Errorf("the first: %v", err)
		}
		if _, err := second.Wait(t.Context()); err != nil {
			t.Errorf("the second: %v", err)
		}
		closing(t, p)
	})
}

// late is a log on which, while failing is set, a commit takes its place and fails when told to.
type late struct {
	*memlog.Log
	owned   chan struct{}
	fail    chan struct{}
	failing *atomic.Bool
}

func (l *late) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	if link != nil {
		link.Owned()
	}
	if l.failing.Load() {
		l.owned <- struct{}{}
		<-l.fail
		return &committer.Failure{Class: committer.Permanent, Row: -1, Err: errWeather}
	}
	if link != nil && link.Await != nil {
		if err := link.Await(ctx); err != nil {
			return committer.Orphaned(err)
		}
	}
	return l.Log.Append(ctx, commit, nil)
}

// A name that cannot be is refused before the log is asked about it: there it would be in the way of the whole batch.
func TestNamesAreCheckedWhereverADecisionHasThem(t *testing.T) {
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve)
	for name, test := range map[string]struct {
		decide func(d *decider.Decision) error
		field  string
	}{
		"asked for": {func(d *decider.Decision) error { a.At("a\x00b").State(d); return nil }, "Decision.Subjects[0].Stream"},
		"guarded":   {func(d *decider.Decision) error { d.To("a\x00b", groupcommit.NoStream); return nil }, "Streams[0].Stream"},
		"written":   {func(d *decider.Decision) error { d.To("a\x00b", groupcommit.NoStream, move(1)); return nil }, "Streams[0].Stream"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decider.Submit(t.Context(), store, test.decide).Wait(t.Context()); !isInvalid(test.field)(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A decision that appends nothing may guard as many streams as one that does.
func TestGuardsAreBounded(t *testing.T) {
	store := open(t, groupcommit.Config{MaxCommandStreams: 2})
	_, err := decider.Submit(t.Context(), store, func(d *decider.Decision) error {
		for _, stream := range []string{"a", "b", "c"} {
			d.To(stream, groupcommit.NoStream)
		}
		return nil
	}).Wait(t.Context())
	if !isInvalid("Streams")(err) {
		t.Errorf("got %v", err)
	}
}

// unreadable is a log that cannot read back what it has encoded.
type unreadable struct{ *memlog.Log }

func (unreadable) ReadRow([]byte) (command.Event, error) { return command.Event{}, errPoor }

// An event that cannot be read is folded to no state: who needs one loads it.
func TestWhatCannotBeReadIsNotFolded(t *testing.T) {
	memory := memlog.New()
	p := process(unreadable{memory}, memory, committer.Config{})
	defer closing(t, p)
	look := func() {
		var parts []decider.Part
		for range 2 {
			parts = append(parts, decider.New(func(a account, e groupcommit.RecordedEvent) (account, error) {
				if e.Type == "" {
					t.Error("nothing was folded as an event")
				}
				return evolve(a, e)
			}).At("a"))
		}
		if _, err := decider.Submit(t.Context(), p, func(*decider.Decision) error { return nil }, parts...).Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	look()
	if _, err := p.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))).Wait(t.Context()); err != nil {
		t.Error(err)
	}
	look()
}

// Who makes a decider for each command pays for it, but not more and more.
func TestDecidersMadeForOneCommand(t *testing.T) {
	store := open(t, groupcommit.Config{})
	var folded atomic.Int64
	for range 200 {
		a := decider.New(func(a account, e groupcommit.RecordedEvent) (account, error) {
			folded.Add(1)
			return evolve(a, e)
		}).At("a")
		if _, err := decider.Submit(t.Context(), store, func(*decider.Decision) error { return nil }, a).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Append(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))); err != nil {
		t.Fatal(err)
	}
	if n := folded.Load(); n > 50 {
		t.Errorf("an event was folded %d times", n)
	}
}

// Folding that does not return is told of also where a state is brought to what is in flight.
func TestFoldingWhatIsInFlightIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memlog.New()
		var failing atomic.Bool
		log := &late{Log: memory, owned: make(chan struct{}), fail: make(chan struct{}), failing: &failing}
		var told atomic.Int64
		hooks := committer.Hooks{Overran: func(info committer.OverrunInfo) {
			if !info.Returned {
				told.Add(1)
			}
		}}
		p := process(log, memory, committer.Config{Hooks: hooks})
		returning := make(chan struct{})
		a := decider.New(func(a account, e groupcommit.RecordedEvent) (account, error) {
			<-returning
			return evolve(a, e)
		}).At("a")
		failing.Store(true)
		p.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(10)))
		<-log.owned
		looking := decider.Submit(t.Context(), p, func(*decider.Decision) error { return nil }, a)
		time.Sleep(5 * time.Second)
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
		failing.Store(false)
		close(returning)
		close(log.fail)
		if _, err := looking.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		closing(t, p)
	})
}

// Who waits for a state that another one tries to load hears with that one that it cannot be, and does not try again after it.
func TestLoadsFailTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Read: func(context.Context, string, int64) iter.Seq2[command.RecordedEvent, error] {
				return func(yield func(command.RecordedEvent, error) bool) { yield(command.RecordedEvent{}, errWeather) }
			},
		}}, memlog.New())
		a := decider.New(evolve).At("a")
		began := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := decider.Submit(t.Context(), p, func(*decider.Decision) error { return nil }, a).Wait(t.Context())
				if !errors.Is(err, groupcommit.ErrNotWritten) || !errors.Is(err, errWeather) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if waited := time.Since(began); waited > time.Minute { // of the bubble
			t.Errorf("the last one was told after %v", waited)
		}
		closing(t, p)
	})
}

// A reading that panics, as an upcast may, is the affair of the command that needs it, wherever it is read; the next one is not left waiting.
func TestLoadingThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		panicking := true
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Read: func(context.Context, string, int64) iter.Seq2[command.RecordedEvent, error] {
				if panicking {
					panic("upcast")
				}
				return func(func(command.RecordedEvent, error) bool) {}
			},
		}}, memlog.New())
		a := decider.New(evolve).At("a")
		submit := func(ctx context.Context, parts ...decider.Part) error {
			_, err := decider.Submit(ctx, p, func(d *decider.Decision) error { a.State(d); return nil }, parts...).Wait(ctx)
			return err
		}
		for _, err := range []error{submit(t.Context(), a), submit(t.Context())} {
			if !isPanic("upcast")(err) {
				t.Error(err)
			}
		}
		panicking = false
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := submit(ctx, a); err != nil {
			t.Error(err)
		}
		closing(t, p)
	})
}
