package committer_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
)

// gated is a log in memory whose commits stop before each step until the test lets them go on, well or with a failure.
type gated struct {
	*memlog.Log
	steps  chan *step
	onLook func()
	onSync func()
}

// step is where an Append stands: before it takes its place, or with its parent committed before it takes effect.
type step struct {
	commit  *committer.Commit
	effect  bool
	outcome chan outcome
}

type outcome struct {
	before error // in place of the step
	after  error // in place of its answer
}

func newGated() *gated { return &gated{Log: memlog.New(), steps: make(chan *step, 16)} }

func (g *gated) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	if g.onLook != nil {
		g.onLook()
	}
	return g.Log.Look(ctx, query)
}

func (g *gated) Sync(ctx context.Context) error {
	if g.onSync != nil {
		g.onSync()
	}
	return g.Log.Sync(ctx)
}

func (g *gated) stop(ctx context.Context, commit *committer.Commit, effect bool) outcome {
	s := &step{commit: commit, effect: effect, outcome: make(chan outcome, 1)}
	g.steps <- s
	select {
	case o := <-s.outcome:
		return o
	case <-ctx.Done():
		return outcome{before: fails(committer.InDoubt)}
	}
}

func (g *gated) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	if o := g.stop(ctx, commit, false); o.before != nil {
		return o.before
	}
	if link != nil {
		link.Owned()
		if link.Await != nil {
			if err := link.Await(ctx); err != nil {
				return committer.Orphaned(err)
			}
		}
	}
	o := g.stop(ctx, commit, true)
	if o.before != nil {
		return o.before
	}
	err := g.Log.Append(ctx, commit, nil)
	if err == nil {
		err = o.after
	}
	return err
}

// flown runs a committer's loop, as a pipeline does, inside a synctest bubble.
type flown struct {
	t       *testing.T
	log     *gated
	batches chan []*committer.Entry
	ended   chan struct{}
	stopped []*step // steps that wait, in the order in which they were reached
}

func fly(t *testing.T, config committer.Config) *flown { return flyOn(t, newGated(), config) }

func flyOn(t *testing.T, log *gated, config committer.Config) *flown {
	f := &flown{t: t, log: log, batches: make(chan []*committer.Entry, 64), ended: make(chan struct{})}
	c := committer.New(f.log, config)
	go func() {
		defer close(f.ended)
		defer c.Close(t.Context(), 0)
		f.run(c)
	}()
	return f
}

func (f *flown) run(c *committer.Committer) {
	var next []*committer.Entry
	for batches := f.batches; batches != nil || next != nil || !c.Idle(); {
		switch {
		case next != nil && c.Ready():
			c.Begin(f.t.Context(), next, func() {})
			next = nil
			continue
		case next != nil && c.Waiting():
			c.Prepare(f.t.Context())
		case next == nil && len(batches) == 0 && c.Obliged():
			c.Rest()
		}
		receive := batches
		if next != nil {
			receive = nil
		}
		select {
		case es, ok := <-receive:
			if !ok {
				batches = nil
			}
			next = es
		case a := <-c.Answers():
			c.Handle(a)
		}
	}
}

// submit hands a batch over and lets everything run up to the next gates.
func (f *flown) submit(commands ...command.Command) []*verdict {
	es, vs := entries(f.log, commands...)
	f.batches <- es
	f.settle()
	return vs
}

func (f *flown) settle() {
	synctest.Wait()
	for len(f.log.steps) > 0 {
		f.stopped = append(f.stopped, <-f.log.steps)
	}
}

// release lets a step go on.
func (f *flown) release(s *step, o outcome) {
	f.stopped = slices.DeleteFunc(f.stopped, func(other *step) bool { return other == s })
	s.outcome <- o
	f.settle()
}

// close lets everything go on until all is told.
func (f *flown) close() {
	close(f.batches)
	for {
		f.settle()
		select {
		case <-f.ended:
			return
		default:
		}
		if len(f.stopped) > 0 {
			f.release(f.stopped[0], outcome{})
		} else {
			time.Sleep(time.Millisecond) // of the bubble: somebody waits before trying again
		}
	}
}

// at is the step that waits for the commit behind this position.
func (f *flown) at(position int64) *step {
	f.t.Helper()
	i := slices.IndexFunc(f.stopped, func(s *step) bool { return s.commit.Parent.Position == position })
	if i < 0 {
		f.t.Fatalf("nothing is under way behind position %d", position)
	}
	return f.stopped[i]
}

func (f *flown) told(vs ...*verdict) int {
	n := 0
	for _, v := range vs {
		n += v.told
	}
	return n
}
