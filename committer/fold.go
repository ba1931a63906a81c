package committer

import (
	"bytes"
	"cmp"
	"errors"
	"runtime/debug"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

// fold is the state of one stream, as one folder makes it, on its way through a judgement.
type fold struct {
	folder command.Folder
	base   command.State // the newest that is known at the end of the log; it may be behind the stream there
	state  command.State // after the commands judged so far; it is of use when it has the version of the stream

	next command.State // after the command that is being judged, until it is accepted
	kept int64         // version that the cache has
	size int           // of state, behind the batch
}

// nothing is the version of a state that is not there.
const nothing = -1

// find is the index of the folder's state; it is added where it is missing.
func (s *slot) find(folder command.Folder) int {
	i := slices.IndexFunc(s.folds, func(f fold) bool { return f.folder == folder })
	if i < 0 {
		i = len(s.folds)
		s.folds = append(s.folds, fold{folder: folder, base: unread.State, state: unread.State, kept: nothing})
	}
	return i
}

// settle takes over what the command that was accepted has made of the states.
func (s *slot) settle() {
	for i := range s.folds {
		if f := &s.folds[i]; f.next.Version == s.version {
			f.state = f.next
		}
	}
}

// folds gives the states of a stream behind everything in flight, or older ones.
func (c *Committer) folds(stream string) (folds []fold) {
	for _, flight := range slices.Backward(c.flights) {
		s := flight.plan.view.find(stream)
		if s == nil || !s.proven() {
			continue
		}
		for i := range s.folds {
			if f := &s.folds[i]; f.state.Version == s.version {
				folds = append(folds, fold{folder: f.folder, base: f.state, kept: f.kept})
			}
		}
		break
	}
	if folds == nil {
		return c.states.of(stream)
	}
	return newest(folds)
}

// fold brings what an entry has loaded to the states of its streams, where it is newer.
func (v *view) fold(c *Committer, e *Entry) {
	d := e.decision
	v.folded = true
	for i := range d.subjects {
		of := &d.subjects[i]
		s := &v.slots[e.parts[of.part].slot]
		f := &s.folds[s.find(of.Folder)]
		switch {
		case of.loaded.partial:
			v.confirm = v.confirm || s.state != known || f.base.Version != s.base // it may end with what the committer has not seen of the log
		case of.loaded.Version > f.base.Version && of.loaded.epoch == c.epoch():
			f.base = of.loaded.State
		}
	}
}

// catchUp brings states to the end of the log, as far as what they lack is in flight.
func (v *view) catchUp(c *Committer) {
	for i := range v.slots {
		s := &v.slots[i]
		for k := range s.folds {
			if f := &s.folds[k]; s.state == known && f.base.Version != nothing && f.base.Version < s.base {
				f.base = c.caughtUp(s, f)
			}
		}
	}
}

// caughtUp is a state after those events of its stream that are in flight.
func (c *Committer) caughtUp(s *slot, f *fold) command.State {
	state := f.base
	for _, flight := range c.flights {
		if version, ok := flight.plan.view.outcome(s.stream); !ok || version <= state.Version {
			continue
		}
		commit := flight.plan.commit
		for i := range commit.Rows {
			if row := &commit.Rows[i]; row.Stream == s.stream && row.Version == state.Version+1 {
				event, err := c.recorded(commit, int64(i), row)
				if err != nil {
					return f.base
				}
				if state, err = c.evolve(f.folder, state, &event); err != nil {
					return f.base // who needs the state will load it, and be told
				}
			}
		}
	}
	return state
}

// recorded is the event of a row as it will be read, at an index in the commit.
func (c *Committer) recorded(commit *Commit, i int64, row *Row) (command.RecordedEvent, error) {
	encoded, err := c.log.ReadRow(row.Encoded)
	event := command.RecordedEvent{
		Position: commit.Parent.Position + 1 + i, Stream: row.Stream, Version: row.Version,
		ID: encoded.ID, Type: encoded.Type, Data: encoded.Data, Metadata: encoded.Metadata, RecordedAt: commit.Time,
	}
	if err != nil || c.config.Upcast == nil {
		return event, err
	}
	event.Data, event.Metadata = bytes.Clone(event.Data), bytes.Clone(event.Metadata) // an upcast may write to them
	stay := c.watch.begin(&event.Stream)
	event, err = c.config.upcast(event)
	stay.end()
	return event, err
}

// upcast makes of an event that was submitted what it is now.
func (c *Config) upcast(event command.RecordedEvent) (command.RecordedEvent, error) {
	if c.Upcast == nil {
		return event, nil
	}
	now, err := guarded(func() (command.RecordedEvent, error) { return c.Upcast(event) })
	if _, panicked := errors.AsType[*command.PanicError](err); err != nil && !panicked {
		err = &command.EvolveError{Stream: event.Stream, Version: event.Version, Type: event.Type, Err: err}
	}
	return now, err
}

// evolve folds the events of an entry into the states of its streams, as they will be if it is accepted. It returns the first error of a state that
// the entry itself looks at; one that only others look at falls behind.
func (j *judge) evolve(e *Entry) (failed error) {
	index, rest := int64(len(j.plan.commit.Rows)), e.rows
	for n := range e.parts {
		p := &e.parts[n]
		s := &j.plan.view.slots[p.slot]
		for k := range s.folds {
			s.folds[k].next = s.folds[k].state
		}
		for version := s.version + 1; version <= s.version+int64(p.events); version++ {
			row := Row{Stream: p.stream, Version: version}
			row.Encoded, rest = nextRow(rest)
			failed = cmp.Or(failed, j.foldRow(e, s, index, &row))
			index++
		}
	}
	return failed
}

// foldRow is evolve for one event, at an index in the commit. States that have fallen behind it stay there.
func (j *judge) foldRow(e *Entry, s *slot, index int64, row *Row) (failed error) {
	if !s.followedBy(row.Version) {
		return nil
	}
	event, unreadable := j.committer.recorded(j.plan.commit, index, row)
	for k := range s.folds {
		f := &s.folds[k]
		if f.next.Version != row.Version-1 {
			continue
		}
		err := unreadable
		if err == nil {
			f.next, err = j.committer.evolve(f.folder, f.next, &event)
		}
		if err != nil && failed == nil && e.looksAt(row.Stream, f.folder) {
			failed = err
		}
	}
	return failed
}

// followedBy tells whether there is a state that the event of a version can be folded into.
func (s *slot) followedBy(version int64) bool {
	for k := range s.folds {
		if s.folds[k].next.Version == version-1 {
			return true
		}
	}
	return false
}

func (e *Entry) looksAt(stream string, folder command.Folder) bool {
	return e.decision != nil && slices.ContainsFunc(e.decision.subjects, func(s subject) bool {
		return s.Subject == command.Subject{Stream: stream, Folder: folder}
	})
}

// evolve is evolve, by the committer's goroutine.
func (c *Committer) evolve(folder command.Folder, state command.State, event *command.RecordedEvent) (command.State, error) {
	stay := c.watch.begin(&event.Stream)
	state, err := evolve(folder, state, event)
	stay.end()
	return state, err
}

// evolve is the state after one more event. On an error it is the state before.
func evolve(folder command.Folder, state command.State, event *command.RecordedEvent) (next command.State, err error) {
	defer func() {
		if value := recover(); value != nil {
			next, err = state, &command.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	value, err := folder.Evolve(state.Value, event)
	if err != nil {
		return state, &command.EvolveError{Stream: event.Stream, Version: event.Version, Type: event.Type, Err: err}
	}
	return command.State{Value: value, Version: event.Version, EventID: event.ID}, nil
}

// measure asks how much memory the states take that the batch leaves, for the cache. A state whose size cannot be told falls behind, as one that cannot be
// folded does.
func (v *view) measure(c *Committer) {
	for i := range v.slots {
		s := &v.slots[i]
		for k := range s.folds {
			f := &s.folds[k]
			if f.state.Version != s.version || f.state.Version == f.kept {
				continue
			}
			stay := c.watch.begin(&s.stream)
			size, err := sizeOf(f.folder, f.state.Value)
			stay.end()
			if err != nil {
				f.state = unread.State
			}
			f.size = size
		}
	}
}

// sizeOf is what a folder says of a state.
func sizeOf(folder command.Folder, state any) (int, error) {
	return guarded(func() (int, error) { return max(folder.Size(state), 0), nil })
}
