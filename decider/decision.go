package decider

import (
	"slices"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
)

// Decision is one call of the function that decides. It is of use until the function returns.
type Decision struct {
	subjects []command.Subject
	states   []command.State
	writes   []command.StreamWrite
	more     []command.Subject
	invalid  *groupcommit.InvalidError // it was used with a handle that is of no use
}

// To has the decision append events to a stream whose state it does not need, a new one for example, if the stream is as expected; otherwise the
// command ends with a *groupcommit.ConflictError. Without events the stream is only guarded. For one stream it may be called several times;
// the last expectation that is not Any counts. While the command waits for a state, commands submitted after it do not wait for it on a stream that only To
// names: give the stream to Submit where their order matters.
func (d *Decision) To(stream string, expect groupcommit.Expect, events ...groupcommit.Event) {
	for i := range d.writes {
		if w := &d.writes[i]; w.Stream == stream {
			w.Events = append(w.Events, events...)
			if expect != groupcommit.Any {
				w.Expect = expect
			}
			return
		}
	}
	d.writes = append(d.writes, command.StreamWrite{Stream: stream, Expect: expect, Events: slices.Clip(events)})
}

// look is the state of a subject, or nothing, and then it is asked for.
func (d *Decision) look(at command.Subject) command.State {
	for i := range d.subjects {
		if d.subjects[i] == at {
			return d.states[i]
		}
	}
	if !slices.Contains(d.more, at) {
		d.more = append(d.more, at)
	}
	return command.State{}
}

// forgive is deferred around the function that decides: one that lacks a state has been shown another one, or none, and may have panicked on that.
func (d *Decision) forgive() {
	if len(d.more) > 0 || d.invalid != nil {
		_ = recover()
	}
}
