package committer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Load finds the states that the decision of an entry needs, in the cache or by reading streams. It is called by the goroutine that
// fills the entry, before it is handed to Begin; for an entry without a decision it does nothing. What has changed when the decision is taken is
// caught up with then. An error wraps ErrNotWritten, unless a stream cannot be folded or all is closed.
func (c *Committer) Load(ctx context.Context, e *Entry) error {
	if e.decision == nil {
		return nil
	}
	for i := range e.decision.subjects {
		if err := c.find(ctx, &e.decision.subjects[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Committer) find(ctx context.Context, s *subject) (err error) {
	var whole bool
	if s.loaded, whole = c.states.find(s.Subject, true); whole {
		return nil
	}
	s.missed = true
	s.loaded, err = c.loads.once(ctx, s.Subject, func() (loaded, error) {
		state, whole := c.states.find(s.Subject, false)
		if whole { // another one was quicker
			return state, nil
		}
		return c.loadAtLast(ctx, s.Subject, state)
	})
	return err
}

// loaded is a state as it was committed when it was read.
type loaded struct {
	command.State
	epoch   uint64 // of the log then
	partial bool   // it has to be read on before it is of use
	size    int    // of its value, in bytes
}

// unread is where nothing was read yet.
var unread = loaded{State: command.State{Version: nothing}}

// loadAtLast is load, tried again for RetryFor while the log is unavailable. What one try has read stays for the next one, and in the end for who
// comes later.
func (c *Committer) loadAtLast(ctx context.Context, of command.Subject, state loaded) (loaded, error) {
	trouble := outage{patience: c.config.RetryFor}
	for next := (*draft)(nil); ; {
		var err error
		if next, err = c.load(ctx, of, &state, next); err == nil {
			return state, nil
		}
		if !passes(err) || !trouble.wait(ctx) {
			if state.Version > 0 {
				_ = c.cache(of, &state) // it may be why
			}
			return state, err
		}
	}
}

// passes tells of an error that another try may not meet.
func passes(err error) bool {
	return errors.Is(err, command.ErrUnavailable) || errors.Is(err, errOtherPast)
}

// load reads what a state lacks, and keeps what it comes to. One that is unread, or of an earlier epoch, is begun anew. The draft is that of a
// snapshot, begun with the state, or nil.
//
// What lies behind the end of the log that the committer knew of before, another process has appended: a failover may lose it, and put other
// events in its place, and nothing in this process's chain of commits would tell. So a state that ends there is partial. When the committer has seen
// the log further, the state is read on, and read makes sure that what it holds is still there.
func (c *Committer) load(ctx context.Context, of command.Subject, state *loaded, next *draft) (_ *draft, err error) {
	if now := c.epoch(); state.Version == nothing || state.epoch != now {
		state.epoch = now
		if state.State, next, err = c.start(ctx, of); err != nil {
			return nil, err
		}
	}
	known := c.heads.position.Load()
	state.partial = true
	last, err := c.read(ctx, of, &state.State, next)
	if err != nil {
		if errors.Is(err, errOtherPast) {
			c.states.forget()
		}
		return next, err
	}
	state.partial = last > known
	if err := c.cache(of, state); err != nil {
		return next, err
	}
	if next != nil && next.folded >= next.every {
		c.saveLater(of, next)
	}
	return next, nil
}

// cache keeps a state.
func (c *Committer) cache(of command.Subject, state *loaded) (err error) {
	if state.size, err = sizeOf(of.Folder, state.Value); err == nil {
		c.states.put(of, *state)
	}
	return err
}

var (
	errSilent    = fmt.Errorf("%w: for too long nothing came of a stream that is being read", command.ErrUnavailable)
	errOtherPast = errors.New("what was read of a stream is not in the log any more")
)

// read folds what a state lacks, and tells the draft of a snapshot, unless that is nil, of each event. It returns the position of the last event. The
// one that the state ends with is read again, to see that it is there. On an error the state is as far as it was read.
func (c *Committer) read(ctx context.Context, of command.Subject, state *command.State, next *draft) (last int64, err error) {
	defer func() {
		if value := recover(); value != nil { // of Read: it may be called by a goroutine that is nobody's
			err = &command.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	after, joined := state.Version, state.EventID == uuid.Nil
	if !joined {
		after--
	}
	for event, err := range c.events(ctx, of.Stream, after) {
		if err != nil {
			return last, err
		}
		last = event.Position
		if !joined && event.ID != state.EventID {
			break
		} else if !joined {
			joined = true
			continue
		}
		if event, err = c.config.upcast(event); err != nil {
			return last, err
		}
		if *state, err = evolve(of.Folder, *state, &event); err != nil {
			return last, err
		}
		next.take(&event, *state)
	}
	if !joined {
		return last, notWritten(errOtherPast)
	}
	return last, nil
}

// events is Read, given up when nothing has come for AttemptTimeout. An error is one of Load.
func (c *Committer) events(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
	return func(yield func(command.RecordedEvent, error) bool) {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		silence := time.AfterFunc(c.config.AttemptTimeout, func() { end(errSilent) })
		defer silence.Stop()
		for event, err := range c.config.Read(ctx, stream, after) {
			silence.Reset(c.config.AttemptTimeout)
			if err != nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if errors.Is(err, command.ErrClosed) {
				err = command.ErrClosed
			} else if err != nil {
				err = notWritten(err)
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

func initial(folder command.Folder) (command.State, error) {
	value, err := guarded(func() (any, error) { return folder.Initial(), nil })
	if err != nil {
		return unread.State, err
	}
	return command.State{Value: value}, nil
}

func (c *Committer) epoch() uint64 {
	c.states.mu.Lock()
	defer c.states.mu.Unlock()
	return c.states.epoch
}

// loads keeps callers who need the same state from loading it all at once.
type loads struct {
	mu    sync.Mutex
	under map[command.Subject]*loading
}

type loading struct {
	done  chan struct{}
	state loaded
	err   error
	left  bool // it came to nothing for a reason of its own: its context has ended, or it panicked
}

// once calls load, unless somebody else is at it: then it waits for what that comes to. If that one has left, the next one tries.
func (l *loads) once(ctx context.Context, of command.Subject, load func() (loaded, error)) (loaded, error) {
	for {
		l.mu.Lock()
		other, busy := l.under[of]
		if !busy {
			break
		}
		l.mu.Unlock()
		select {
		case <-other.done:
			if !other.left {
				return other.state, other.err
			}
		case <-ctx.Done():
			return unread, notWritten(context.Cause(ctx))
		}
	}
	if l.under == nil {
		l.under = make(map[command.Subject]*loading)
	}
	mine := &loading{done: make(chan struct{}), left: true} // so a panic is taken
	l.under[of] = mine
	l.mu.Unlock()
	defer l.tell(of, mine)
	mine.state, mine.err = load()
	mine.left = mine.err != nil && ctx.Err() != nil
	return mine.state, mine.err
}

// tell ends a loading.
func (l *loads) tell(of command.Subject, mine *loading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.under, of)
	close(mine.done)
}
