package workload

import (
	"encoding/json"
	"fmt"

	"github.com/groupcommit/groupcommit"
)

// inPlace holds when every reading stands where its data says.
type inPlace struct {
	position int64 // of the reading before
	before   ReadingTaken
}

// InPlace is the invariant of W3 to W6: the data of every event is what was written there, and the events of a command stand one
// behind the other.
func InPlace() Invariant { return &inPlace{} }

func (p *inPlace) String() string { return "every reading is in its place" }

func (p *inPlace) See(e *groupcommit.RecordedEvent) error {
	if e.Type != readingTaken {
		return nil
	}
	var r ReadingTaken
	if err := json.Unmarshal(e.Data, &r); err != nil {
		return fmt.Errorf("position %d: %w", e.Position, err)
	}
	if r.Stream != e.Stream {
		return fmt.Errorf("position %d: the data of %s stands in %s", e.Position, r.Stream, e.Stream)
	}
	if r.Sequence != 1 && !p.follows(e, &r) {
		return fmt.Errorf("position %d: event %d of command %d does not follow its event %d", e.Position, r.Sequence, r.Command, r.Sequence-1)
	}
	p.position, p.before = e.Position, r
	return nil
}

func (p *inPlace) follows(e *groupcommit.RecordedEvent, r *ReadingTaken) bool {
	return e.Position == p.position+1 && r.Stream == p.before.Stream && r.Command == p.before.Command && r.Sequence == p.before.Sequence+1
}

func (p *inPlace) End() error { return nil }
