package decider_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
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

// cold is a process on a log in which so many streams "a-0", "b-0", "a-1" and so on have an event, which nothing was read of. Its reading tells onRead
// of each stream.
func cold(t *testing.T, streams int, onRead func(stream string), hooks committer.Hooks) *pipeline.Pipeline {
	t.Helper()
	memory := memlog.New()
	p := process(memory, memory, committer.Config{})
	for i := range streams {
		for _, kind := range []string{"a", "b"} {
			p.Submit(t.Context(), groupcommit.To(fmt.Sprint(kind, "-", i), groupcommit.NoStream, move(1)))
		}
	}
	closing(t, p)
	read := reader(memory)
	return pipeline.New(pipeline.Config{Committer: committer.Config{
		Hooks: hooks,
		Read: func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
			onRead(stream)
			return read(ctx, stream, after)
		},
	}}, memory)
}

// large is a decider whose states take a MiB each, by what it says.
func large() *decider.Decider[account] {
	return decider.New(evolve, decider.Size(func(account) int { return 1 << 20 }))
}

func waitAll(t *testing.T, futures []*pipeline.Future) {
	t.Helper()
	for _, f := range futures {
		if _, err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// States that are loaded aside do not pile up: who has one gets the next before another one gets the first.
func TestStatesAsideAreOfTheFirst(t *testing.T) {
	const decisions = 200
	synctest.Test(t, func(t *testing.T) {
		var held, most atomic.Int64
		p := cold(t, decisions, func(stream string) {
			time.Sleep(time.Millisecond)
			if strings.HasPrefix(stream, "a") {
				most.Store(max(most.Load(), held.Add(1)))
			}
		}, committer.Hooks{})
		defer closing(t, p)
		accounts := large()
		var all []*pipeline.Future
		for i := range decisions {
			a, b := accounts.At(fmt.Sprint("a-", i)), accounts.At(fmt.Sprint("b-", i))
			all = append(all, decider.Submit(t.Context(), p, func(d *decider.Decision) error {
				if a.State(d).Moves > 0 && b.State(d).Moves > 0 {
					held.Add(-1)
				}
				return nil
			}))
		}
		waitAll(t, all)
		if n := most.Load(); n > decisions/4 {
			t.Errorf("%d states were held at a time", n)
		}
	})
}

// While decisions wait, what is loaded for them is bounded, too.
func TestStatesAsideAreBounded(t *testing.T) {
	const decisions = 200
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int64
		slow := make(chan struct{})
		p := cold(t, decisions, func(stream string) {
			if reads.Add(1); stream == "a-0" {
				<-slow
			}
		}, committer.Hooks{})
		defer closing(t, p)
		accounts := large()
		var all []*pipeline.Future
		for i := range decisions {
			a, b := accounts.At("a-0"), accounts.At(fmt.Sprint("b-", i))
			all = append(all, decider.Submit(t.Context(), p, func(d *decider.Decision) error {
				a.State(d)
				b.State(d)
				return nil
			}))
		}
		time.Sleep(time.Minute)
		if n := reads.Load(); n < 50 || n > 100 {
			t.Errorf("%d states of a MiB were loaded", n)
		}
		close(slow)
		waitAll(t, all)
	})
}

// What is loaded for one decision has that one judged, and not all that wait.
func TestWhatStillWaitsIsNotJudged(t *testing.T) {
	const decisions = 200
	synctest.Test(t, func(t *testing.T) {
		judged := 0
		p := cold(t, decisions, func(string) { time.Sleep(time.Millisecond) }, committer.Hooks{Judged: func(info committer.JudgeInfo) { judged += info.Commands }})
		defer closing(t, p)
		accounts := decider.New(evolve)
		var all []*pipeline.Future
		for i := range decisions {
			a := accounts.At(fmt.Sprint("a-", i))
			all = append(all, decider.Submit(t.Context(), p, func(d *decider.Decision) error { a.State(d); return nil }))
		}
		waitAll(t, all)
		if judged > 5*decisions {
			t.Errorf("%d decisions were judged for %d", judged, decisions)
		}
	})
}
