package decider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Executor is what Execute needs of a *groupcommit.Store.
type Executor interface {
	Submitter
	ReadStream(ctx context.Context, stream string, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error]
}

// Execute decides in the caller's goroutine, for what cannot run where everything waits for it: it may ask other services, and take its time. It reads
// the streams that it is given, folds them, calls decide, and appends what that came to if all these streams are still at the versions that were read.
// If not, it reads what is new, waits a little, and decides again, as Retry says. Where streams are hot, most of that is for nothing: use Submit.
//
// The outcome is that of Submit, but that a *groupcommit.ConflictError is told when all attempts have failed. An error of decide is told, too, only
// when the streams are still as they were read; but decide may be called on states that never were at the same time, because one stream is read after
// the other. Nothing is kept in memory between calls.
func Execute(ctx context.Context, store Executor, decide func(ctx context.Context, d *Decision) error, parts ...Part) (groupcommit.Result, error) {
	s := assemble(decide == nil, parts)
	if store == nil {
		s.refuse("Store", "it is nil")
	}
	if err := s.Check(); err != nil {
		return groupcommit.Result{}, err
	}
	e := execution{store: store, subjects: s.subjects, decide: decide}
	for attempt := 1; ; attempt++ {
		writes, refusal, err := e.attempt(ctx)
		if err != nil {
			return groupcommit.Result{}, err
		}
		result, err := store.Submit(ctx, groupcommit.Command{ID: s.id, Decision: decided{s.key, writes}}).Wait(ctx)
		if err == nil && !result.Duplicate && refusal != nil {
			return groupcommit.Result{}, refusal
		}
		conflict, ok := errors.AsType[*groupcommit.ConflictError](err)
		if !ok || attempt >= cmp.Or(s.retry.Attempts, 10) {
			return result, err
		}
		if s.retry.OnConflict != nil {
			s.retry.OnConflict(attempt, conflict)
		}
		if err := s.retry.wait(ctx, attempt); err != nil {
			return groupcommit.Result{}, err
		}
	}
}

// Retry says how Execute goes on after a conflict. A field that is zero has its default, and none is negative. Submit refuses it.
type Retry struct {
	// Attempts is how often the command is tried at most. Defaults to 10.
	Attempts int
	// The pause before the next attempt is random, below a bound that begins with FirstDelay, defaults to 2 ms, and doubles up to MaxDelay,
	// defaults to 100 ms.
	FirstDelay, MaxDelay time.Duration
	// OnConflict is told each conflict that is followed by another attempt.
	OnConflict func(attempt int, conflict *groupcommit.ConflictError)
}

func (r Retry) apply(s *submission) {
	if r.Attempts < 0 || r.FirstDelay < 0 || r.MaxDelay < 0 {
		s.refuse("Retry", "Attempts, FirstDelay and MaxDelay are 0, for their defaults, or more")
	}
	s.retry, s.retries = r, true
}

func (r Retry) wait(ctx context.Context, attempt int) error {
	bound, most := cmp.Or(r.FirstDelay, 2*time.Millisecond), cmp.Or(r.MaxDelay, 100*time.Millisecond)
	for n := 1; n < attempt && bound < most; n++ {
		bound *= 2
	}
	timer := time.NewTimer(rand.N(max(min(bound, most), 1)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", groupcommit.ErrNotWritten, context.Cause(ctx))
	}
}

// execution is a call of Execute: what it has read stays for its next attempt.
type execution struct {
	store    Executor
	subjects []command.Subject
	states   []command.State // of the subjects that were read before
	decide   func(context.Context, *Decision) error
}

// attempt reads and decides, again where decide has asked for more. With a refusal the writes are what it rests on.
func (e *execution) attempt(ctx context.Context) (writes []command.StreamWrite, refusal, err error) {
	for range maxAsked {
		if err := e.read(ctx); err != nil {
			return nil, nil, err
		}
		d := Decision{subjects: e.subjects, states: e.states}
		refusal := e.try(ctx, &d)
		if d.invalid != nil {
			return nil, nil, d.invalid
		}
		if len(d.more) > 0 {
			e.subjects = slices.Concat(e.subjects, d.more)
			continue
		}
		if conflict := e.conflict(d.writes); refusal == nil && conflict != nil {
			refusal = conflict
		}
		if refusal != nil {
			d.writes = nil
		}
		return e.guarded(d.writes), refusal, nil
	}
	return nil, nil, &groupcommit.InvalidError{Field: "Decision", Reason: fmt.Sprintf("it asked for further streams more than %d times", maxAsked), Limit: maxAsked}
}

const maxAsked = 10

// try calls decide. A panic that came of a state that was not there yet is passed over.
func (e *execution) try(ctx context.Context, d *Decision) (err error) {
	defer caught(&err)
	defer d.forgive()
	return e.decide(ctx, d)
}

// caught is deferred. It makes an error of a panic.
func caught(err *error) {
	if value := recover(); value != nil {
		*err = &groupcommit.PanicError{Value: value, Stack: debug.Stack()}
	}
}

// read brings the states of all subjects to what is committed now.
func (e *execution) read(ctx context.Context) (err error) {
	defer caught(&err)
	for i, s := range e.subjects {
		if i == len(e.states) {
			e.states = append(e.states, command.State{Value: s.Folder.Initial()})
		}
		state := &e.states[i]
		for event, err := range e.store.ReadStream(ctx, s.Stream, groupcommit.After(state.Version)) {
			if errors.Is(err, groupcommit.ErrClosed) {
				return groupcommit.ErrClosed
			} else if err != nil {
				return fmt.Errorf("%w: %w", groupcommit.ErrNotWritten, err)
			}
			value, err := s.Folder.Evolve(state.Value, &event)
			if err != nil {
				return &groupcommit.EvolveError{Stream: s.Stream, Version: event.Version, Type: event.Type, Err: err}
			}
			*state = command.State{Value: value, Version: event.Version}
		}
	}
	return nil
}

// conflict is about a stream that was read and is not as the decision expects it to be: guarded asks only whether it is as it was read.
func (e *execution) conflict(writes []command.StreamWrite) *groupcommit.ConflictError {
	for _, w := range writes {
		i := slices.IndexFunc(e.subjects, func(s command.Subject) bool { return s.Stream == w.Stream })
		if i >= 0 && !w.Expect.Holds(e.states[i].Version) {
			return &groupcommit.ConflictError{Stream: w.Stream, Expected: w.Expect, Actual: e.states[i].Version}
		}
	}
	return nil
}

// guarded adds what was read to what is written: every stream has to be as it was.
func (e *execution) guarded(writes []command.StreamWrite) []command.StreamWrite {
	guarded := make([]command.StreamWrite, 0, len(e.subjects)+len(writes))
	for i, s := range e.subjects {
		if !slices.ContainsFunc(guarded, func(w command.StreamWrite) bool { return w.Stream == s.Stream }) {
			guarded = append(guarded, command.StreamWrite{Stream: s.Stream, Expect: groupcommit.Exact(e.states[i].Version)})
		}
	}
	for _, w := range writes {
		if i := slices.IndexFunc(guarded, func(g command.StreamWrite) bool { return g.Stream == w.Stream }); i >= 0 {
			guarded[i].Events = w.Events
		} else {
			guarded = append(guarded, w)
		}
	}
	return guarded
}

// decided is a command.Decision that was made before.
type decided struct {
	key    string
	writes []command.StreamWrite
}

func (d decided) Subjects() []command.Subject { return nil }

func (d decided) Key() []byte { return []byte(d.key) }

func (d decided) Decide([]command.Subject, []command.State) command.Decided {
	return command.Decided{Streams: d.writes}
}
