package decider

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Submitter is what Submit needs of a *groupcommit.Store.
type Submitter interface {
	Submit(ctx context.Context, cmd groupcommit.Command) *groupcommit.Future
}

// Part is what a command is submitted with: the streams that it looks at, as handles, ID, and, for Execute alone, Retry.
type Part interface{ apply(*submission) }

// Submit hands in a command that decides when it is its turn what it appends. It returns at once but for two things: the streams that it is given are
// loaded, where their states are not in memory, and there has to be room in the queue. The future is never nil. It ends with
//
//   - a result: what was appended, or, with First and Last 0, nothing. Versions are those of the streams that it was given, in order, then of
//     others that it asked for or wrote to;
//   - the error that decide returned, as it is, and nothing was written. It is told when it is final: when all that it was decided on is committed;
//   - a *groupcommit.ConflictError, only for an expectation of Decision.To;
//   - a *groupcommit.InvalidError for what cannot be appended, or for a part or a function that cannot be meant; a *groupcommit.PanicError when
//     decide has panicked, or the folding of an event; a *groupcommit.EvolveError for an event that cannot be folded;
//   - or as any other command.
//
// A stream that decide looks at without having been given is loaded, and decide is called again, ten times at most. That is the slow way, for who
// cannot know beforehand: meanwhile, as while a state is caught up with that another process has moved, the command waits, and those submitted after it
// wait behind it, but only on streams that it was given or has asked for so far. On others they go first, and it is decided on what they leave.
//
// Everything stands still while decide runs. What takes longer than Config.DecideLimit is logged; what never returns stops the store, and so does what
// ends the goroutine, as FailNow of a test does.
func Submit(ctx context.Context, store Submitter, decide func(d *Decision) error, parts ...Part) *groupcommit.Future {
	return store.Submit(ctx, Command(decide, parts...))
}

// Command is the command that Submit hands in, for Append and TrySubmit. TrySubmit waits for streams to be loaded, too.
func Command(decide func(d *Decision) error, parts ...Part) groupcommit.Command {
	s := assemble(decide == nil, parts)
	s.decide = decide
	if s.retries {
		s.refuse("Retry", "it is for Execute: what is decided when it is its turn has nothing to try again")
	}
	return groupcommit.Command{ID: s.id, Decision: s}
}

// ID makes a retry safe, as groupcommit.Command.ID does: a command with an ID takes effect once at most, and a repetition is answered with the first
// result, also where it would now be decided otherwise. What makes it the same command is the key, which says what is asked for, and the streams
// that Submit is given; with another key it is a *groupcommit.ReusedIDError. What wrote nothing is not recorded, and decided anew.
//
// It is given once, and the ID is not the zero UUID.
//
// The Versions of a repetition are those of the streams that Submit was given.
func ID(id uuid.UUID, key string) Part { return identity{id, key} }

type identity struct {
	id  uuid.UUID
	key string
}

func (i identity) apply(s *submission) {
	switch {
	case i.id == uuid.Nil:
		s.refuse("ID", "it is the zero UUID, which would make no retry safe: leave it out where that is meant")
	case s.id != uuid.Nil:
		s.refuse("ID", "it is given twice, and a command has one")
	}
	s.id, s.key = i.id, i.key
}

// submission is a command.Decision.
type submission struct {
	id       uuid.UUID
	key      string
	subjects []command.Subject
	decide   func(*Decision) error
	retry    Retry
	retries  bool                      // Retry was given
	invalid  *groupcommit.InvalidError // nil: it can be meant
}

func assemble(undecided bool, parts []Part) *submission {
	s := &submission{}
	if undecided {
		s.refuse("Decision", "the function that decides is nil")
	}
	for _, p := range parts {
		if p == nil {
			s.refuse("Parts", "one of them is nil")
		} else {
			p.apply(s)
		}
	}
	return s
}

// refuse keeps the first reason for which the command cannot be accepted.
func (s *submission) refuse(field, reason string) {
	s.invalid = cmp.Or(s.invalid, &groupcommit.InvalidError{Field: field, Reason: reason})
}

// Check implements command.Checker.
func (s *submission) Check() error {
	if s.invalid != nil {
		return s.invalid
	}
	return nil
}

// Subjects implements command.Decision.
func (s *submission) Subjects() []command.Subject { return s.subjects }

// Key implements command.Decision.
func (s *submission) Key() []byte { return []byte(s.key) }

// Decide implements command.Decision.
func (s *submission) Decide(subjects []command.Subject, states []command.State) command.Decided {
	d := Decision{subjects: subjects, states: states}
	err := s.try(&d)
	if d.invalid != nil {
		return command.Decided{Err: d.invalid}
	}
	if len(d.more) > 0 {
		return command.Decided{More: d.more}
	}
	return command.Decided{Streams: d.writes, Err: err}
}

func (s *submission) try(d *Decision) error {
	defer d.forgive()
	return s.decide(d)
}
