package committer

import (
	"unsafe"

	"github.com/groupcommit/groupcommit/command"
)

// decision is what an entry has in the place of events: how to decide, and what was loaded for it. It belongs to whoever has the entry.
type decision struct {
	command.Decision

	subjects []subject
	all      []command.Subject // the same, as it knows them
	streams  int               // that the subjects name: the first parts of the entry
	given    int               // of those, before it asked for any
	asked    int               // times that it asked for more
	loads    int               // times that states were loaded for it since it left the queue
	lacking  int               // states that are being loaded for it
	err      error             // why it cannot be decided
}

// subject is what a decision looks at.
type subject struct {
	command.Subject

	part   int // of the entry
	loaded loaded
	missed bool // it was not in the cache, or may not be there any more: the entry is what holds it
}

func newDecision(d command.Decision) *decision {
	subjects := d.Subjects()
	decision := &decision{Decision: d, all: subjects[:len(subjects):len(subjects)], subjects: make([]subject, 0, len(subjects))}
	for _, s := range subjects {
		decision.subjects = append(decision.subjects, unloaded(s))
	}
	return decision
}

func unloaded(s command.Subject) subject {
	return subject{Subject: s, loaded: unread}
}

// parts gives the streams that the decision looks at, each once, and notes which is whose.
func (d *decision) parts(parts []part) []part {
	parts = parts[:0]
next:
	for i := range d.subjects {
		s := &d.subjects[i]
		for s.part = range parts {
			if parts[s.part].stream == s.Stream {
				continue next
			}
		}
		s.part = len(parts)
		parts = append(parts, part{stream: s.Stream})
	}
	d.streams = len(parts)
	return parts
}

// name stands for the streams that the decision looks at, of which there may be none.
func (d *decision) name() *string {
	if len(d.subjects) == 0 {
		return new(string)
	}
	return &d.subjects[0].Stream
}

func (d *decision) size() int {
	size := int(unsafe.Sizeof(*d)) + cap(d.subjects)*int(unsafe.Sizeof(subject{}))
	for i := range d.subjects {
		if s := &d.subjects[i]; s.missed {
			size += s.loaded.size
		}
	}
	return size
}
