package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errGone = errors.New("the caller is gone")
	one     = command.To("stream", command.Any, command.Event{Type: "Happened"})
)

// held is a log in memory that commits when it is let.
type held struct {
	*memlog.Log
	free  chan struct{}
	looks atomic.Int64
}

func newHeld() *held { return &held{Log: memlog.New(), free: make(chan struct{})} }

func (h *held) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	h.looks.Add(1)
	return h.Log.Look(ctx, query)
}

func (h *held) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	select {
	case <-h.free:
		return h.Log.Append(ctx, commit, link)
	case <-ctx.Done():
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: context.Cause(ctx)}
	}
}

func TestFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{}, log)
		f := p.Submit(t.Context(), one)
		if _, err := f.Result(); !errors.Is(err, command.ErrPending) {
			t.Errorf("got %v before the verdict", err)
		}
		done := f.Done()
		close(log.free)
		<-done
		for range 2 {
			if result, err := f.Wait(t.Context()); err != nil || result.First != 1 {
				t.Errorf("got %+v, %v", result, err)
			}
		}
		if result, err := f.Result(); err != nil || result.First != 1 {
			t.Errorf("got %+v, %v", result, err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		<-f.Done()
	})
}

// The end of the context of Wait ends the waiting, and nothing else.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{}, log)
		f := p.Submit(t.Context(), one)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		if _, err := f.Wait(ctx); !errors.Is(err, errGone) || errors.Is(err, command.ErrNotWritten) {
			t.Errorf("got %v", err)
		}
		close(log.free)
		if _, err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := f.Wait(ctx); err != nil {
			t.Errorf("got %v, although the verdict is there", err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The context of Submit withdraws a command as long as it is queued, at the latest when its turn comes, and at once when somebody
// waits for it.
func TestSubmitContextEndsInTheQueue(t *testing.T) {
	for _, waits := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			log := newHeld()
			p := pipeline.New(pipeline.Config{Committer: committer.Config{InFlight: 1}}, log)
			first := p.Submit(t.Context(), one)
			synctest.Wait() // the first is in flight
			ctx, cancel := context.WithCancelCause(t.Context())
			second := p.Submit(ctx, one)
			third := p.Submit(t.Context(), one)
			cancel(errGone)
			if waits {
				if _, err := second.Wait(ctx); !errors.Is(err, command.ErrNotWritten) || !errors.Is(err, errGone) {
					t.Errorf("got %v", err)
				}
			}
			close(log.free)
			for _, f := range []*pipeline.Future{first, third} {
				if _, err := f.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if _, err := second.Wait(t.Context()); !errors.Is(err, command.ErrNotWritten) || !errors.Is(err, errGone) {
				t.Errorf("got %v", err)
			}
			if version, _ := log.StreamVersion(t.Context(), "stream"); version != 2 {
				t.Errorf("%d events, want 2", version)
			}
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Once a batch has the command, the context of Submit is without effect.
func TestSubmitContextEndsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{}, log)
		ctx, cancel := context.WithCancelCause(t.Context())
		f := p.Submit(ctx, one)
		synctest.Wait()
		cancel(errGone)
		if _, err := f.Wait(ctx); !errors.Is(err, errGone) || errors.Is(err, command.ErrNotWritten) {
			t.Errorf("got %v", err)
		}
		close(log.free)
		if _, err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Commands that were all withdrawn need nothing of the log.
func TestWithdrawnBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{Batcher: batcher.Config{NoEager: true, Linger: time.Second}}, log)
		ctx, cancel := context.WithCancelCause(t.Context())
		f := p.Submit(ctx, one)
		cancel(errGone)
		if err := p.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := f.Result(); !errors.Is(err, command.ErrNotWritten) || log.looks.Load() > 0 {
			t.Errorf("got %v and %d looks", err, log.looks.Load())
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newHeld()
		p := pipeline.New(pipeline.Config{Batcher: batcher.Config{QueueItems: 1}, Committer: committer.Config{InFlight: 1}}, log)
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(errGone)
		for _, submit := range []func(context.Context, command.Command) *pipeline.Future{p.Submit, p.TrySubmit} {
			if _, err := submit(ended, one).Result(); !errors.Is(err, command.ErrNotWritten) || !errors.Is(err, errGone) {
				t.Errorf("an ended context: got %v", err)
			}
			if _, err := submit(t.Context(), command.Command{}).Result(); !isInvalid(err) {
				t.Errorf("an empty command: got %v", err)
			}
		}
		p.Submit(t.Context(), one)
		synctest.Wait()
		queued := p.Submit(t.Context(), one)
		if _, err := p.TrySubmit(t.Context(), one).Result(); !errors.Is(err, command.ErrQueueFull) {
			t.Errorf("a full queue: got %v", err)
		}
		close(log.free)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := queued.Result(); err != nil {
			t.Error(err)
		}
		if _, err := p.Submit(t.Context(), one).Result(); !errors.Is(err, command.ErrClosed) {
			t.Errorf("after Close: got %v", err)
		}
	})
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*command.InvalidError](err)
	return ok
}

// Close with no more patience leaves no future open: what was never sent is told as not written. Each call says so, whoever had the patience
// to wait, then and later.
func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipeline.New(pipeline.Config{Batcher: batcher.Config{MaxItems: 2}}, newHeld())
		var futures []*pipeline.Future
		for range 7 {
			futures = append(futures, p.Submit(t.Context(), one))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errGone)
		defer cancel()
		for range 2 {
			var closing sync.WaitGroup
			closing.Go(func() {
				if err := p.Close(ctx); !errors.Is(err, errGone) {
					t.Errorf("got %v", err)
				}
			})
			if err := p.Close(t.Context()); !errors.Is(err, errGone) {
				t.Errorf("who had patience got %v", err)
			}
			closing.Wait()
		}
		for _, f := range futures {
			if _, err := f.Result(); !errors.Is(err, command.ErrNotWritten) || !errors.Is(err, command.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	})
}
