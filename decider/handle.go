package decider

import (
	"cmp"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Handle is a stream as its decider sees it. It is a small value, and comparable.
type Handle[S any] struct {
	decider *Decider[S]
	stream  string
}

// Stream is the name of the stream.
func (h Handle[S]) Stream() string { return h.stream }

// State is the state of the stream, where the decision stands in the log. It counts as it is until the function returns: what is appended changes the
// state for the decisions behind this one.
//
// If the stream was not given to Submit, the state is that of a stream without events, and whatever the function does with it does not
// count: it is called again when the stream has been loaded.
func (h Handle[S]) State(d *Decision) S {
	state, ok := h.look(d).Value.(S)
	if !ok {
		return h.decider.initial()
	}
	return state
}

// Version is the version of the stream; 0 when it has no events. What was said of State holds for it.
func (h Handle[S]) Version(d *Decision) int64 { return h.look(d).Version }

// Append has the decision append events to the stream, behind those that it has appended before.
func (h Handle[S]) Append(d *Decision, events ...groupcommit.Event) {
	h.look(d)
	d.To(h.stream, groupcommit.Any, events...)
}

func (h Handle[S]) subject() command.Subject {
	return command.Subject{Stream: h.stream, Folder: folder[S]{h.decider}}
}

// invalid tells why nothing can be decided with the handle, or nil.
func (h Handle[S]) invalid() *groupcommit.InvalidError {
	if h.decider == nil {
		return &groupcommit.InvalidError{Field: "Handle", Reason: "it is of no decider: Decider.At makes handles"}
	}
	return h.decider.invalid
}

// look is what the decision knows of the stream.
func (h Handle[S]) look(d *Decision) command.State {
	if invalid := h.invalid(); invalid != nil {
		d.invalid = invalid
		return command.State{}
	}
	return d.look(h.subject())
}

func (h Handle[S]) apply(s *submission) {
	s.invalid = cmp.Or(s.invalid, h.invalid())
	s.subjects = append(s.subjects, h.subject())
}
