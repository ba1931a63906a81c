package committer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/groupcommit/groupcommit/command"
)

// Load finds the states that the decision of an entry needs, in the cache or by reading streams. It is called by the goroutine that
// fills the entry, before it is handed to Begin; for an entry without a decision it does nothing. What has changed when the decision is taken is
// caught up with then. An error wraps ErrNotWritten, unless a stream cannot be folded.
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
	var found bool
	if s.loaded, s.epoch, found = c.states.find(s.Subject, true); found {
		return nil
	}
	s.missed = true
	s.loaded, s.epoch, err = c.loads.once(ctx, s.Subject, func() (command.State, uint64, error) {
		if state, epoch, found := c.states.find(s.Subject, false); found { // another one was quicker
			return state, epoch, nil
		}
		return c.loadAtLast(ctx, s.Subject, command.State{Version: nothing}, c.epoch())
	})
	return err
}

// loadAtLast is load, tried again for RetryFor while the log cannot be read.
func (c *Committer) loadAtLast(ctx context.Context, of command.Subject, state command.State, epoch uint64) (command.State, uint64, error) {
	trouble := outage{patience: c.config.RetryFor}
	for {
		loaded, now, err := c.load(ctx, of, state, epoch)
		if !errors.Is(err, command.ErrNotWritten) || !trouble.wait(ctx) {
			return loaded, now, err
		}
	}
}

// load reads what a state lacks, and keeps what it comes to. A state of version nothing begins at the beginning.
func (c *Committer) load(ctx context.Context, of command.Subject, state command.State, epoch uint64) (command.State, uint64, error) {
	now := c.epoch()
	if state.Version != nothing && epoch == now {
		state, err := c.read(ctx, of, state, nil)
		if err == nil {
			c.states.put(of, state, now)
		}
		return state, now, err
	}
	state, next, err := c.build(ctx, of)
	if err != nil {
		return state, now, err
	}
	c.states.put(of, state, now)
	if next != nil && next.folded >= next.every {
		c.saveLater(of, next)
	}
	return state, now, nil
}

// read folds what a state lacks, and tells the draft of a snapshot, unless that is nil, of each event.
func (c *Committer) read(ctx context.Context, of command.Subject, state command.State, next *draft) (_ command.State, err error) {
	defer func() {
		if value := recover(); value != nil { // of an upcast: it may be read by a goroutine that is nobody's
			err = &command.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	for event, err := range c.config.Read(ctx, of.Stream, state.Version) {
		if errors.Is(err, command.ErrClosed) {
			return state, command.ErrClosed
		}
		if err != nil {
			return state, fmt.Errorf("%w: %w", command.ErrNotWritten, err)
		}
		if state, err = evolve(of.Folder, state, &event); err != nil {
			return state, err
		}
		next.take(&event, state)
	}
	return state, nil
}

func initial(folder command.Folder) (state command.State, err error) {
	state.Value, err = guarded(func() (any, error) { return folder.Initial(), nil })
	return state, err
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
	state command.State
	epoch uint64
	err   error
	left  bool // it came to nothing for a reason of its own: its context has ended, or it panicked
}

// once calls load, unless somebody else is at it: then it waits for what that comes to. If
// that one has left, the next one tries.
func (l *loads) once(ctx context.Context, of command.Subject, load func() (command.State, uint64, error)) (command.State, uint64, error) {
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
				return other.state, other.epoch, other.err
			}
		case <-ctx.Done():
			return command.State{Version: nothing}, 0, fmt.Errorf("%w: %w", command.ErrNotWritten, context.Cause(ctx))
		}
	}
	if l.under == nil {
		l.under = make(map[command.Subject]*loading)
	}
	mine := &loading{done: make(chan struct{}), left: true} // so a panic is taken
	l.under[of] = mine
	l.mu.Unlock()
	defer l.tell(of, mine)
	mine.state, mine.epoch, mine.err = load()
	mine.left = mine.err != nil && ctx.Err() != nil
	return mine.state, mine.epoch, mine.err
}

// tell ends a loading.
func (l *loads) tell(of command.Subject, mine *loading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.under, of)
	close(mine.done)
}
