package reading_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

// failingOver is a log in whose place another one can be put.
type failingOver struct {
	*deafLog
	other atomic.Pointer[memlog.Log]
}

func (l *failingOver) Read(ctx context.Context, s reading.Selection) ([]command.RecordedEvent, error) {
	if other := l.other.Load(); other != nil {
		return other.Read(ctx, s)
	}
	return l.deafLog.Read(ctx, s)
}

func (l *failingOver) Tip(ctx context.Context, position int64) (command.Checkpoint, uuid.UUID, error) {
	if other := l.other.Load(); other != nil {
		return other.Tip(ctx, position)
	}
	return l.deafLog.Tip(ctx, position)
}

// What was read of a log before it lost its end is not shown to who goes on from a place that is still there.
func TestLostEventsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &failingOver{deafLog: &deafLog{Log: memlog.New()}}
		r, owner := reading.New(log, reading.Config{})
		defer owner.Stop()
		leave := make(chan struct{})
		defer close(leave)
		chain := conformance.NewChain(t, log.Log)
		first := chain.Append(conformance.Events("s", 1)).Commit
		go func() { // one that is slow stays, and with it what is kept for it
			for range r.Subscribe(t.Context(), 0) {
				<-leave
				return
			}
		}()
		ended := make(chan error, 1)
		go func() {
			for _, err := range r.Subscribe(t.Context(), 0) {
				if err != nil {
					ended <- err
				}
			}
		}()
		synctest.Wait()
		chain.Append(conformance.Events("s", 1))
		owner.Appended(2)
		synctest.Wait()

		other := memlog.New()
		first.Parent = conformance.NewChain(t, other).End()
		if err := other.Append(t.Context(), first, nil); err != nil {
			t.Fatal(err)
		}
		log.other.Store(other)
		owner.Appended(2)
		if err := <-ended; !errors.Is(err, command.ErrLostCommits) {
			t.Fatal(err)
		}
		again, stop := context.WithCancel(t.Context())
		delivered := new(atomic.Int64)
		go func() {
			at := command.Checkpoint{Position: 1, CommitID: first.ID}
			for range r.Subscribe(again, 0, reading.From(at)) {
				delivered.Add(1)
			}
		}()
		synctest.Wait()
		if n := delivered.Load(); n != 0 {
			t.Errorf("%d events that are lost were delivered", n)
		}
		stop()
	})
}
