package committer

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

const (
	// maxAsked is how often a decision may ask for further streams.
	maxAsked = 10
	// maxLoads is how often states are loaded for a decision that has left the queue.
	maxLoads = 20
	// usualLoads is how often that is so for what it asks for at a time, with nobody in the way. Before each further time a while passes: somebody
	// else was quicker, or a commit of this process is in the log and was not heard of.
	usualLoads = 2
)

var errRestless = errors.New("other processes keep appending to a stream that it looks at")

// decide asks the decision of an entry on the states as the entries before it leave them, and judges what it came to.
func (j *judge) decide(i int, e *Entry) (v verdict, judged bool) {
	d, view := e.decision, j.plan.view
	if d.err != nil {
		return j.refuse(e, d.err), true
	}
	if j.plan.bytes >= j.committer.config.CommitBytes {
		view.block(e)
		j.plan.full = true
		return verdict{}, false
	}
	for {
		if view.blocked(e) || !j.recall(e) {
			view.block(e)
			return verdict{}, false
		}
		decided, err := j.ask(d)
		switch {
		case err != nil:
			return j.refuse(e, err), true
		case len(decided.More) == 0 && decided.Err != nil:
			return j.refuse(e, decided.Err), true
		case len(decided.More) == 0:
			return j.carryOut(i, e, decided.Streams)
		}
		if err := j.widen(e, decided.More); err != nil {
			return j.refuse(e, err), true
		}
	}
}

// ask has the decision decide on the states that were recalled.
func (j *judge) ask(d *decision) (command.Decided, error) {
	stay := j.committer.watch.begin(d.name())
	decided, err := decide(d, j.states)
	stay.end()
	return decided, err
}

func decide(d *decision, states []command.State) (decided command.Decided, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &command.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return d.Decide(d.all, states), nil
}

// recall finds the states that an entry looks at. It tells whether all are there.
func (j *judge) recall(e *Entry) bool {
	e.parts = e.parts[:e.decision.streams]
	j.states = j.states[:0]
	for i := range e.decision.subjects {
		of := &e.decision.subjects[i]
		state, there := j.plan.view.recall(e, of)
		if !there {
			return false
		}
		j.states = append(j.states, state)
	}
	return true
}

func (v *view) recall(e *Entry, of *subject) (command.State, bool) {
	s := &v.slots[e.parts[of.part].slot]
	state := s.folds[s.find(of.Folder)].state
	return state, s.proven() && state.Version == s.version
}

// widen lets a decision look at further streams.
func (j *judge) widen(e *Entry, more []command.Subject) error {
	d, limit := e.decision, j.committer.config.Limits.CommandStreams
	d.asked++
	if d.asked > maxAsked {
		return &command.InvalidError{Field: "Decision", Reason: fmt.Sprintf("it asked for further streams more than %d times", maxAsked), Limit: maxAsked}
	}
	if n := len(d.subjects) + len(more); n > limit {
		return &command.InvalidError{Field: "Decision", Reason: fmt.Sprintf("%d streams in a decision, at most %d are accepted", n, limit), Limit: limit}
	}
	if err := command.CheckSubjects(more, &j.committer.config.Limits); err != nil {
		return err
	}
	d.all = append(d.all, more...)
	for _, s := range more {
		d.subjects = append(d.subjects, unloaded(s))
	}
	e.parts = d.parts(e.parts)
	j.enter(e, 0)
	j.plan.view.fold(j.committer, e)
	j.plan.view.catchUp(j.committer)
	return nil
}

// enter finds the slots of an entry's parts from the given one on. Streams that the view does not have are added to it.
func (j *judge) enter(e *Entry, from int) {
	v := j.plan.view
	for n := range e.parts[from:] {
		p := &e.parts[from+n]
		at, seen := v.index[p.stream]
		if !seen {
			at = v.add(j.committer, p)
			v.slots[at].reset()
		} else if v.slots[at].state == assumed {
			v.slots[at].state = unknown
		}
		p.slot = at
	}
}

// carryOut judges what a decision came to, as if it had been the command.
func (j *judge) carryOut(i int, e *Entry, writes []command.StreamWrite) (v verdict, judged bool) {
	ordered, err := j.assign(e, writes)
	if err != nil {
		return j.refuse(e, err), true
	}
	if j.plan.view.blocked(e) {
		j.plan.view.block(e)
		return verdict{}, false
	}
	if conflict := j.conflict(e); conflict != nil {
		return j.refuse(e, conflict), true
	}
	if ordered == nil {
		v := j.refuse(e, nil)
		v.result = command.Result{Versions: j.versions(e)}
		return v, true
	}
	e.encode(j.committer.log, ordered)
	if err := j.evolve(e); err != nil {
		return j.refuse(e, err), true
	}
	j.plan.bytes += len(e.rows)
	return j.accept(i, e), true
}

// assign makes the parts of an entry of what its decision writes, and checks it. It returns the writes in the order of the parts; nil when
// there is no event among them.
func (j *judge) assign(e *Entry, writes []command.StreamWrite) (ordered []command.StreamWrite, err error) {
	cmd := command.Command{Streams: writes}
	if cmd.Events() > 0 {
		if err := cmd.Check(&j.committer.config.Limits); err != nil {
			return nil, err
		}
		ordered = make([]command.StreamWrite, e.decision.streams, e.decision.streams+len(writes))
	} else if err := cmd.CheckGuards(&j.committer.config.Limits); err != nil {
		return nil, err
	}
	known := len(e.parts)
	for n := range e.parts {
		e.parts[n].expect, e.parts[n].events = command.Any, 0
	}
	for _, w := range writes {
		at := slices.IndexFunc(e.parts, func(p part) bool { return p.stream == w.Stream })
		if at < 0 {
			at = len(e.parts)
			e.parts = append(e.parts, part{stream: w.Stream})
			if ordered != nil {
				ordered = append(ordered, command.StreamWrite{})
			}
		}
		e.parts[at].expect, e.parts[at].events = w.Expect, len(w.Events)
		if ordered != nil {
			ordered[at] = w
		}
	}
	j.enter(e, known)
	return ordered, nil
}

func (j *judge) versions(e *Entry) []command.StreamVersion {
	versions := make([]command.StreamVersion, len(e.parts))
	for n := range e.parts {
		versions[n] = command.StreamVersion{Stream: e.parts[n].stream, Version: j.plan.view.slots[e.parts[n].slot].version}
	}
	return versions
}
