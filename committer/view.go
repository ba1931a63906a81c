package committer

import (
	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// view is what one batch is judged on: the versions of its streams at the end of the log, and the command IDs that are found to be
// recorded. It starts from what is known behind everything in flight, asks the log for the rest, and then serves any number of judgements.
type view struct {
	slots []slot
	index map[string]int

	records map[uuid.UUID]Record // of commands that took effect before
	asked   map[uuid.UUID]bool   // IDs that were looked up at this end of the log
	asking  []uuid.UUID          // IDs to look up next

	assume bool // that a stream which a command wants to create does not exist

	folded bool // there are states: events are folded as they are judged

	looked  bool // the log was read since the batch was taken
	confirm bool // the log has to be read before the verdicts are final
}

// slot is one stream in a view.
type slot struct {
	stream  string
	base    int64 // version at the end of the log
	version int64 // after the commands judged so far
	state   slotState
	folds   []fold // of the stream, where there are any

	barred  uint64 // the place of the first entry that waits for the stream; 0 for none
	blocked uint64 // the same, with the entries of this judgement
}

// reset goes back to before the first command.
func (s *slot) reset() {
	s.version, s.blocked = s.base, s.barred
	for i := range s.folds {
		s.folds[i].state = s.folds[i].base
	}
}

type slotState uint8

const (
	known   slotState = iota
	unknown           // to be looked up
	// assumed not to exist, because a single command of the batch says so and appends to it. The unique index proves it at the
	// commit; nothing else is ever judged on it.
	assumed
)

// newView finds the streams of the entries, each once, and what is known of them. With assume, a stream that one command wants to
// create is not looked up.
func newView(c *Committer, entries []*Entry, assume bool) *view {
	v := &view{index: make(map[string]int, len(entries)), assume: assume}
	for _, e := range entries {
		for i := range e.parts {
			p := &e.parts[i]
			at, seen := v.index[p.stream]
			if !seen {
				at = v.add(c, p)
			} else if v.slots[at].state == assumed {
				v.slots[at].state = unknown
			}
			p.slot = at
		}
		if e.decision != nil {
			v.fold(c, e)
		}
	}
	return v
}

func (v *view) add(c *Committer, p *part) (at int) {
	s := slot{stream: p.stream, state: unknown, folds: c.folds(p.stream), barred: c.barred[p.stream]}
	if version, ok := c.version(p.stream); ok {
		s.base, s.state = version, known
	} else if v.assume && p.expect == command.NoStream && p.events > 0 {
		s.state = assumed
	}
	v.folded = v.folded || len(s.folds) > 0
	at = len(v.slots)
	v.slots = append(v.slots, s)
	v.index[p.stream] = at
	return at
}

// info is what there is to tell of the view as it begins, for so many commands. A stream that is assumed not to exist is neither known
// nor looked up.
func (v *view) info(commands int) JudgeInfo {
	info := JudgeInfo{Commands: commands}
	for i := range v.slots {
		switch v.slots[i].state {
		case known:
			info.Known++
		case unknown:
			info.Unknown++
		}
	}
	return info
}

// question is what the log has to be asked before the batch can be judged, or its verdicts are final. There may be none.
func (v *view) question(h *heads) (query Query, needed bool) {
	query.Since = h.end
	for i := range v.slots {
		if v.slots[i].state == unknown {
			query.Streams = append(query.Streams, v.slots[i].stream)
		}
	}
	query.IDs = v.asking
	return query, len(query.Streams) > 0 || len(query.IDs) > 0 || v.confirm || !h.known
}

// learn takes in the answer to a question. With own, everything that happened since is in flight, and known. It tells whether there is news, so that what
// was judged before may not be so.
func (v *view) learn(query *Query, snapshot *Snapshot, own bool) (news bool) {
	news = len(query.Streams) > 0 || len(snapshot.Records) > 0
	if snapshot.End != query.Since && !own {
		v.move(snapshot)
		news = true
	}
	for i, stream := range query.Streams {
		s := &v.slots[v.index[stream]]
		s.base, s.state = snapshot.Versions[i], known
	}
	for _, id := range query.IDs {
		if v.asked == nil {
			v.asked = make(map[uuid.UUID]bool)
		}
		v.asked[id] = true
	}
	for id, record := range snapshot.Records {
		if v.records == nil {
			v.records = make(map[uuid.UUID]Record)
		}
		v.records[id] = record
	}
	v.asking, v.confirm, v.looked = nil, false, true
	return news
}

// move brings the view to another end of the log.
func (v *view) move(snapshot *Snapshot) {
	v.asked = nil
	if snapshot.Forgotten {
		for i := range v.slots {
			if v.slots[i].state == known {
				v.slots[i].state = unknown
			}
		}
		return
	}
	for _, m := range snapshot.Moved {
		if at, ok := v.index[m.Stream]; ok {
			v.slots[at].base, v.slots[at].state = m.Version, known
		}
	}
}

// find is the slot of a stream, nil where the view has none.
func (v *view) find(stream string) *slot {
	at, ok := v.index[stream]
	if !ok {
		return nil
	}
	return &v.slots[at]
}

// outcome is the version of a stream after the batch, if the view has it.
func (v *view) outcome(stream string) (int64, bool) {
	s := v.find(stream)
	if s == nil || !s.proven() {
		return 0, false
	}
	return s.version, true
}

// proven tells that the version is true once the batch has committed. What was assumed is so if the batch appends to it.
func (s *slot) proven() bool { return s.state == known || s.version > s.base }

// doubt notes what a conflict of this entry would rest on without proof: streams assumed not to exist, and the entry's ID, under
// which it may have taken effect before.
func (v *view) doubt(e *Entry) {
	for i := range e.parts {
		if s := &v.slots[e.parts[i].slot]; s.state == assumed {
			s.state = unknown
		}
	}
	if e.ID != uuid.Nil && !v.asked[e.ID] {
		v.asking = append(v.asking, e.ID)
	}
}
