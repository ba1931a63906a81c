package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// Future is the verdict on a command, once it is there. Each future is resolved exactly once. Its methods may be called by any
// number of goroutines.
//
// There is one for each command, so its fields are in an order that leaves no gaps.
type Future struct {
	submitted time.Duration // when, since the recorder began
	entry     committer.Entry
	place     atomic.Uint32

	mu       sync.Mutex
	resolved bool
	submit   context.Context // of Submit: counts until a batch takes the command; nil once resolved
	done     chan struct{}   // made when somebody asks for it: many futures are never waited for
	result   command.Result
	err      error
}

// Where the command of a future is. It leaves the queue once, one way or the other.
const (
	inQueue   uint32 = iota
	inBatch          // nothing of the caller's can stop it any more
	withdrawn        // its context ended first
)

// Wait returns the verdict. A nil error means that the command is committed; what the errors mean stands at command.ErrNotWritten and
// beside it.
//
// The end of ctx ends only the waiting, and its cause is returned, wrapped, unless the context that was given to Submit has ended as well
// while the command was still queued: then the command is withdrawn, and the error says that it was certainly not
// written. A verdict that is there wins over a context that has ended.
func (f *Future) Wait(ctx context.Context) (command.Result, error) {
	if result, err, ok := f.verdict(); ok {
		return result, err
	}
	select {
	case <-f.Done():
		return f.Result()
	case <-ctx.Done():
	}
	f.withdraw()
	if f.place.Load() == withdrawn {
		<-f.Done() // somebody is just resolving it
	}
	if result, err, ok := f.verdict(); ok {
		return result, err
	}
	return command.Result{}, fmt.Errorf("groupcommit: waiting has ended, and the command may still be written: %w", context.Cause(ctx))
}

// Done is closed when the verdict is there.
func (f *Future) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil {
		f.done = make(chan struct{})
		if f.resolved {
			close(f.done)
		}
	}
	return f.done
}

// Result is the verdict when Done is closed, and command.ErrPending before. It never waits.
func (f *Future) Result() (command.Result, error) {
	if result, err, ok := f.verdict(); ok {
		return result, err
	}
	return command.Result{}, command.ErrPending
}

// receiver is the side of a future that the committer sees, and nobody else.
type receiver Future

// Resolve is called once.
func (r *receiver) Resolve(result command.Result, err error) { (*Future)(r).resolve(result, err) }

func (f *Future) resolve(result command.Result, err error) {
	f.entry = committer.Entry{} // whoever keeps the future does not keep the encoded events
	defer f.tell(result, err)   // also where the span ends this goroutine
	if span := spanOf(f.submit); span != nil {
		span.End(result, err)
	}
}

func (f *Future) tell(result command.Result, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result, f.err, f.resolved = result, err, true
	f.submit = nil
	if f.done != nil {
		close(f.done)
	}
}

func (f *Future) verdict() (result command.Result, err error, ok bool) { //nolint:revive // the two belong together
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.result, f.err, f.resolved
}

// take moves the command from the queue into a batch. It fails when the context of Submit has ended before.
func (f *Future) take() bool {
	f.withdraw()
	return f.place.CompareAndSwap(inQueue, inBatch)
}

// givenUp tells whether the command has no verdict but that Close had no more patience. It is asked once the batch is told.
func (f *Future) givenUp() bool {
	_, err := f.Result()
	given := errors.Is(err, command.ErrClosed) || errors.Is(err, command.ErrOutcomeUnknown) || errors.Is(err, ErrStuck)
	return given && f.place.Load() == inBatch
}

// withdraw resolves the future as not written if the context of Submit has ended and no batch has taken the command.
func (f *Future) withdraw() {
	f.mu.Lock()
	ctx := f.submit
	f.mu.Unlock()
	if ctx == nil || ctx.Err() == nil || !f.place.CompareAndSwap(inQueue, withdrawn) {
		return
	}
	f.resolve(command.Result{}, notWritten(context.Cause(ctx)))
}

func notWritten(cause error) error {
	return fmt.Errorf("%w: %w", command.ErrNotWritten, cause)
}
