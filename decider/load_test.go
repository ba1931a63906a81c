package decider_test

import (
	"context"
	"errors"
	"iter"
	"slices"
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

type readFunc = func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error]

// stutter reads a log, and falls silent behind so many events of a reading, as often as it is told to.
type stutter struct {
	read   readFunc
	events int
	times  int
	after  []int64 // that it was asked for
}

func (s *stutter) Read(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
	s.after = append(s.after, after)
	return func(yield func(command.RecordedEvent, error) bool) {
		left := s.events
		for event, err := range s.read(ctx, stream, after) {
			if left == 0 && s.times > 0 {
				s.times--
				<-ctx.Done()
				yield(command.RecordedEvent{}, ctx.Err())
				return
			}
			left--
			if !yield(event, err) {
				return
			}
		}
	}
}

// written is a log in memory whose stream "a" was moved so many times.
func written(t *testing.T, by int64, times int) *memlog.Log {
	t.Helper()
	memory := memlog.New()
	p := process(memory, memory, committer.Config{})
	defer closing(t, p)
	for range times {
		if _, err := p.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(by))).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return memory
}

// look is the state of "a" as a decision sees it.
func look(t *testing.T, p *pipeline.Pipeline, accounts *decider.Decider[account]) (saw account, err error) {
	t.Helper()
	a := accounts.At("a")
	_, err = decider.Submit(t.Context(), p, func(d *decider.Decision) error { saw = a.State(d); return nil }, a).Wait(t.Context())
	return saw, err
}

// A reading that has fallen silent is given up, and the next one goes on where it was.
func TestLoadGoesOnAfterASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := written(t, 1, 10)
		s := &stutter{read: reader(memory), events: 4, times: 2}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Read: s.Read}}, memory)
		defer closing(t, p)
		if saw, err := look(t, p, decider.New(evolve)); err != nil || saw.Moves != 10 {
			t.Errorf("%+v, %v", saw, err)
		}
		if want := []int64{0, 3, 6}; !slices.Equal(s.after[:3], want) { // the event that is there is read again
			t.Errorf("read behind %v, want %v", s.after, want)
		}
	})
}

// A stream that takes long, but is never silent for long, is read through.
func TestLoadOfALongStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, reads := written(t, 1, 10), 0
		read := reader(memory)
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			AttemptTimeout: 10 * time.Second,
			Read: func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
				reads++
				return func(yield func(command.RecordedEvent, error) bool) {
					for event, err := range read(ctx, stream, after) {
						time.Sleep(9 * time.Second)
						if ctx.Err() != nil {
							err = ctx.Err()
						}
						if !yield(event, err) || err != nil {
							return
						}
					}
				}
			},
		}}, memory)
		defer closing(t, p)
		a := decider.New(evolve).At("a")
		load := decider.Submit(t.Context(), p, func(d *decider.Decision) error { return nil }, a)
		if reads != 1 {
			t.Errorf("%d reads", reads)
		}
		if _, err := load.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A state that another process has written, and that was read before this one had seen so much of the log, is whole as soon as it has.
func TestStateOfAnotherProcessBecomesWhole(t *testing.T) {
	memory := written(t, 1, 3)
	p := process(memory, memory, committer.Config{})
	defer closing(t, p)
	accounts := decider.New(evolve)
	for range 2 {
		if saw, err := look(t, p, accounts); err != nil || saw.Moves != 3 {
			t.Errorf("%+v, %v", saw, err)
		}
	}
	if states := p.Stats().States; states.Misses != 1 || states.Hits != 1 {
		t.Errorf("%d misses, %d hits", states.Misses, states.Hits)
	}
}

// A stream that stays silent is told as not written, in good time; who comes later does not begin anew.
func TestLoadOfASilentStreamIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := written(t, 1, 10)
		s := &stutter{read: reader(memory), events: 2, times: 1_000_000}
		p := pipeline.New(pipeline.Config{Committer: committer.Config{Read: s.Read}}, memory)
		defer closing(t, p)
		accounts := decider.New(evolve)
		began := time.Now()
		_, err := look(t, p, accounts)
		if !errors.Is(err, groupcommit.ErrNotWritten) || !errors.Is(err, groupcommit.ErrUnavailable) || time.Since(began) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		first := len(s.after)
		s.times = 0
		if saw, err := look(t, p, accounts); err != nil || saw.Moves != 10 {
			t.Errorf("%+v, %v", saw, err)
		}
		if s.after[first] == 0 {
			t.Error("it was read from the beginning")
		}
	})
}

// A stream that will not be readable in a while either, as in a log that is damaged, is told at once.
func TestLoadThatHasNoUseIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		damaged, reads := errors.New("the log is damaged"), 0
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Read: func(context.Context, string, int64) iter.Seq2[command.RecordedEvent, error] {
				reads++
				return func(yield func(command.RecordedEvent, error) bool) { yield(command.RecordedEvent{}, damaged) }
			},
		}}, memlog.New())
		defer closing(t, p)
		if _, err := look(t, p, decider.New(evolve)); !errors.Is(err, groupcommit.ErrNotWritten) || !errors.Is(err, damaged) || reads != 1 {
			t.Errorf("%v, after %d reads", err, reads)
		}
	})
}

// What another process had appended, and a failover has lost, is noticed before anything is decided on it, whatever stands in its place: the
// chain of this process's commits knows of neither.
func TestStateOfALostPast(t *testing.T) {
	for name, length := range map[string]int{"shorter": 2, "as long": 3, "longer": 5} {
		for name, silent := range map[string]int{name: 0, name + ", in pieces": 1} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					lost, memory := reader(written(t, 1, 3)), written(t, 100, length)
					now := reader(memory)
					s := &stutter{events: 2, times: silent}
					s.read = func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
						if len(s.after) == 1 {
							return lost(ctx, stream, after)
						}
						return now(ctx, stream, after)
					}
					p := pipeline.New(pipeline.Config{Committer: committer.Config{Read: s.Read}}, memory)
					defer closing(t, p)
					if saw, err := look(t, p, decider.New(evolve)); err != nil || saw.Moves != int64(length) || saw.Balance != 100*saw.Moves {
						t.Errorf("%+v, %v", saw, err)
					}
				})
			})
		}
	}
}

// Decisions that are set aside for the same stream wait for one load of it, and those that wait for another stream not even for that.
func TestLoadsAsideAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memlog.New()
		hotRead, hotReads := make(chan struct{}), 0
		read := reader(memory)
		p := pipeline.New(pipeline.Config{Committer: committer.Config{
			Read: func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
				if stream == "hot" {
					hotReads++
					<-hotRead
				}
				return read(ctx, stream, after)
			},
		}}, memory)
		defer closing(t, p)
		accounts := decider.New(evolve)
		asking := func(stream string) *pipeline.Future { // for what it does not name beforehand
			return decider.Submit(t.Context(), p, func(d *decider.Decision) error { accounts.At(stream).State(d); return nil })
		}
		var hot []*pipeline.Future
		for range 20 {
			hot = append(hot, asking("hot"))
		}
		synctest.Wait()
		if _, err := asking("other").Wait(t.Context()); err != nil {
			t.Error(err)
		}
		close(hotRead)
		for _, f := range hot {
			if _, err := f.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if hotReads != 1 {
			t.Errorf("it was read %d times", hotReads)
		}
	})
}
