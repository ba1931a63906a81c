package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/stats"
)

// Each command is counted once, by its verdict, when Flush returns.
func TestStatsCountVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipeline.New(pipeline.Config{Limits: command.Limits{CommandEvents: 3}}, memlog.New())
		event := command.Event{Type: "Happened"}
		id := uuid.New()
		same := command.Command{ID: id, Streams: []command.StreamWrite{{Stream: "a", Events: []command.Event{event, event}}}}
		other := command.Command{ID: id, Streams: []command.StreamWrite{{Stream: "b", Events: []command.Event{event}}}}
		for _, cmd := range []command.Command{
			same, same, other,
			command.To("c", command.Exact(7), event),
			command.To("d", command.NoStream, event, event, event),
			command.To("e", command.Any),
		} {
			_, _ = p.Submit(t.Context(), cmd).Wait(t.Context())
		}
		ended, end := context.WithCancel(t.Context())
		end()
		p.Submit(ended, one)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Submit(t.Context(), one)
		got := p.Stats()
		want := stats.Commands{Committed: 2, Duplicates: 1, Reused: 1, Conflicts: 1, Invalid: 1, Withdrawn: 1, Closed: 1}
		if got.Commands != want {
			t.Errorf("got %+v, want %+v", got.Commands, want)
		}
		if got.Events != 5 || got.EventBytes == 0 || got.ActiveStreams != 2 || got.Latency.Count() != 5 || got.QueueTime.Count() != 5 {
			t.Errorf("got %d events, %d bytes, %d streams, %d latencies, %d times in the queue",
				got.Events, got.EventBytes, got.ActiveStreams, got.Latency.Count(), got.QueueTime.Count())
		}
		if newest := got.NewestCommits; len(newest) != 2 || newest[0].First != 3 || newest[0].Events != 3 || newest[1].First != 1 || newest[1].Commands != 1 {
			t.Errorf("got %+v", newest)
		}
	})
}

// Queue and flight are seen as they are, the time that each part took is told, and that nothing moves on.
func TestStatsSeeTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{
			Batcher:   batcher.Config{QueueItems: 2, MaxItems: 2},
			Committer: committer.Config{InFlight: 1, RetryFor: time.Hour},
		}, log)
		p.Submit(t.Context(), one)
		synctest.Wait()
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			p.Submit(ctx, one)
		}
		p.TrySubmit(t.Context(), one)
		time.Sleep(2 * time.Second)

		s := p.Stats()
		if s.InFlight != 1 || s.MaxInFlight != 1 || s.Queue.Commands != 2 || s.Queue.MaxCommands != 2 || s.Queue.Full() != 1 || s.Stalled != 3*time.Second {
			t.Errorf("got %d of %d in flight, %+v, stalled for %v", s.InFlight, s.MaxInFlight, s.Queue, s.Stalled)
		}
		if s.Commands != (stats.Commands{QueueFull: 1}) || s.Batches != (stats.Batches{Eager: 1}) {
			t.Errorf("got %+v, %+v", s.Commands, s.Batches)
		}
		cancel()
		close(log.free)
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = p.Stats()
		if s.InFlight != 0 || s.Queue.Commands != 0 || s.Stalled != 0 || s.Commands != (stats.Commands{QueueFull: 1, Committed: 1, Withdrawn: 2}) {
			t.Errorf("got %d in flight, %+v, stalled for %v, %+v", s.InFlight, s.Queue, s.Stalled, s.Commands)
		}
		if s.Latency.Sum != 3 || s.Commits.Sum != 3 || s.QueueTime.Sum != 0 || s.BatchCommands.Count() != 1 {
			t.Errorf("latency %v, commits %v, queued for %v s, %d batches", s.Latency.Sum, s.Commits.Sum, s.QueueTime.Sum, s.BatchCommands.Count())
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// What is queued and never taken is stalled since it came, however long nothing happened before.
func TestStatsSeeTheQueueStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipeline.New(pipeline.Config{Batcher: batcher.Config{NoEager: true, Linger: time.Hour}}, memlog.New())
		time.Sleep(time.Hour)
		if s := p.Stats(); s.Stalled != 0 {
			t.Errorf("stalled for %v with nothing to do", s.Stalled)
		}
		p.Submit(t.Context(), one)
		time.Sleep(time.Minute)
		if s := p.Stats(); s.Stalled != time.Minute {
			t.Errorf("stalled for %v", s.Stalled)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Stalled != 0 || s.Batches != (stats.Batches{Close: 1}) {
			t.Errorf("stalled for %v, %+v", s.Stalled, s.Batches)
		}
	})
}

// failing is a log in memory that fails in the given ways, one after the other; where one is nil, it does not.
type failing struct {
	*memlog.Log
	failures []error
}

func (f *failing) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	if len(f.failures) == 0 {
		return f.Log.Append(ctx, commit, link)
	}
	err := f.failures[0]
	f.failures = f.failures[1:]
	if err == nil {
		return f.Log.Append(ctx, commit, link)
	}
	return err
}

func TestStatsCountFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := func(class committer.Class) error { return &committer.Failure{Class: class, Row: 0, Err: errGone} }
		log := &failing{Log: memlog.New(), failures: []error{
			fail(committer.Transient), fail(committer.Moved), fail(committer.InDoubt), nil, fail(committer.Refused), fail(committer.Lost),
		}}
		p := pipeline.New(pipeline.Config{}, log)
		for range 3 {
			_, _ = p.Submit(t.Context(), one).Wait(t.Context())
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := p.Stats()
		if want := (stats.Failures{Transient: 1, Moved: 1, InDoubt: 1, Refused: 1, Lost: 1}); s.Failures != want {
			t.Errorf("got %+v, want %+v", s.Failures, want)
		}
		if want := (stats.Commands{Committed: 1, Rejected: 1, NotWritten: 1}); s.Commands != want {
			t.Errorf("got %+v, want %+v", s.Commands, want)
		}
		if s.Doubts != (stats.Doubts{Committed: 1}) || !errors.Is(s.Stopped, command.ErrLostCommits) {
			t.Errorf("got %+v, stopped by %v", s.Doubts, s.Stopped)
		}
	})
}

func TestStatsCountHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipeline.New(pipeline.Config{Committer: committer.Config{HeadStreams: 2}}, memlog.New())
		for i := range 5 {
			if _, err := p.Submit(t.Context(), command.To(fmt.Sprint(i%3), command.Any, command.Event{Type: "Happened"})).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Submit(t.Context(), command.To("1", command.Any, command.Event{Type: "Happened"})).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Heads != (stats.Heads{Hits: 1, Misses: 5, Streams: 2, Max: 2}) || s.Looks != 5 || s.Evaluation.Count() != 6 {
			t.Errorf("got %+v, %d looks, %d judgements", s.Heads, s.Looks, s.Evaluation.Count())
		}
	})
}

// Turns that are taken, waited for and lost are counted; one that is passed on is not lost.
func TestStatsCountTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memlog.New()
		other, p := log.Process(), startProcess(t, log)
		if _, err := other.Take(t.Context(), committer.Query{}); err != nil {
			t.Fatal(err)
		}
		f := p.Submit(t.Context(), one)
		time.Sleep(time.Second)
		other.Pass(t.Context())
		if _, err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Turns != (stats.Turns{Taken: 1, Waited: time.Second}) {
			t.Errorf("got %+v", s.Turns)
		}
		p.turns.Pass(t.Context()) // takes it away
		time.Sleep(time.Second)
		p.append(t)
		p.close(t)
		if s := p.Stats(); s.Turns != (stats.Turns{Taken: 2, Lost: 1, Waited: time.Second}) {
			t.Errorf("got %+v", s.Turns)
		}
	})
}

// What is not counted is seen all the same where it tells that something is wrong.
func TestNoStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{NoStats: true, Committer: committer.Config{InFlight: 1}}, log)
		opened := time.Now()
		f := p.Submit(t.Context(), one)
		time.Sleep(2 * time.Second)
		if s := p.Stats(); s.InFlight != 1 || s.Stalled != 2*time.Second || !s.Opened.Equal(opened) || !s.At.Equal(time.Now()) || !s.Uncounted {
			t.Errorf("got %+v", s)
		}
		close(log.free)
		if _, err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := p.Stats()
		if s.Commands != (stats.Commands{}) || s.Batches != (stats.Batches{}) || s.Latency.Count()+s.QueueTime.Count()+s.Commits.Count() != 0 || s.Events != 0 {
			t.Errorf("it has counted %+v", s)
		}
		if s.InFlight != 0 || s.Stalled != 0 || s.Queue.MaxCommands == 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestNoStatsTellsThatWritingHasStopped(t *testing.T) {
	log := &failing{Log: memlog.New(), failures: []error{&committer.Failure{Class: committer.Lost, Err: errGone}}}
	p := pipeline.New(pipeline.Config{NoStats: true}, log)
	if _, err := p.Submit(t.Context(), one).Wait(t.Context()); !errors.Is(err, command.ErrLostCommits) {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); !errors.Is(s.Stopped, command.ErrLostCommits) {
		t.Errorf("stopped by %v", s.Stopped)
	}
}
