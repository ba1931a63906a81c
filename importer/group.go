package importer

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// namespace is that of the command IDs. It never changes: a resumed import would not find what it has written.
var namespace = uuid.MustParse("5b0f7f1c-6b1e-4d53-9a55-0d1f6c2b7a10")

// group is consecutive events of the source that become one command.
type group struct {
	records []Record
	names   map[string]struct{} // of their streams
	bytes   int
}

// groupOf is a part of a group, and so within the limits.
func groupOf(records []Record) (g group) {
	for _, r := range records {
		g.add(r)
	}
	return g
}

// takes tells whether a record, whose metadata is complete, can follow in the group.
func (g *group) takes(r *Record, o *Options) bool {
	if g.empty() {
		return true
	}
	_, known := g.names[r.Stream]
	return len(g.records) < o.CommandEvents &&
		g.bytes+size(r) <= o.CommandBytes &&
		(r.Stream == g.last().Stream || !known && len(g.names) < o.CommandStreams) // a command keeps the events of a stream together
}

// size is what a record counts of CommandBytes, at most: the store counts the name of a stream once.
func size(r *Record) int {
	return len(r.Stream) + len(r.Event.Type) + len(r.Event.Data) + len(r.Event.Metadata)
}

// check says what is wrong with a record that is to follow.
func (g *group) check(r *Record) error {
	if !g.empty() && r.Stream == g.last().Stream && r.Version > 0 && r.Version != g.last().Version+1 {
		return fmt.Errorf("its version is %d, and that of the event before it is %d", r.Version, g.last().Version)
	}
	return nil
}

func (g *group) add(r Record) {
	if g.names == nil {
		g.names = make(map[string]struct{})
	}
	g.names[r.Stream] = struct{}{}
	g.records = append(g.records, r)
	g.bytes += size(&r)
}

func (g *group) empty() bool    { return len(g.records) == 0 }
func (g *group) first() *Record { return &g.records[0] }
func (g *group) last() *Record  { return &g.records[len(g.records)-1] }

// command has the same ID and content whenever the group is read again.
func (g *group) command(name string) groupcommit.Command {
	return groupcommit.Command{ID: g.id(name), Streams: g.streams()}
}

func (g *group) id(name string) uuid.UUID {
	return uuid.NewSHA1(namespace, []byte(name+"\x00"+g.first().Cursor))
}

func (g *group) streams() (all []groupcommit.StreamWrite) {
	for i := range g.records {
		r := &g.records[i]
		if i == 0 || r.Stream != all[len(all)-1].Stream {
			all = append(all, groupcommit.StreamWrite{Stream: r.Stream, Expect: expectation(r)})
		}
		write := &all[len(all)-1]
		write.Events = append(write.Events, r.Event)
	}
	return all
}

// expectation of the stream in front of a record.
func expectation(r *Record) groupcommit.Expect {
	if r.Version > 0 {
		return groupcommit.Exact(r.Version - 1)
	}
	return groupcommit.Any
}

// taken is how many of the first events of the group are a command that has taken effect, by the error of the group's own: fewer than all where the
// source ended behind them when it was read before. Otherwise 0.
func (g *group) taken(name string, err error) int {
	reused, ok := errors.AsType[*groupcommit.ReusedIDError](err)
	if !ok || reused.ID != g.id(name) {
		return 0
	}
	if events := int(reused.Last - reused.First + 1); events < len(g.records) {
		return events
	}
	return 0
}

// errOther says why an ID is known.
var errOther = errors.New("an import of this name had larger limits, or its source told other events")

// blame says which event is at fault, where it is an event.
func (g *group) blame(err error) error {
	if invalid, ok := errors.AsType[*groupcommit.InvalidError](err); ok {
		var stream, event int
		if n, _ := fmt.Sscanf(invalid.Field, "Streams[%d].Events[%d]", &stream, &event); n > 0 {
			record := g.at(stream, event)
			return &EventError{record.Cursor, record.Stream, err}
		}
	}
	if _, ok := errors.AsType[*groupcommit.ReusedIDError](err); ok {
		err = fmt.Errorf("%w: %w", errOther, err)
	}
	return &CommandError{g.first().Cursor, g.last().Cursor, err}
}

// at is the record of an event of the command.
func (g *group) at(stream, event int) *Record {
	for _, before := range g.streams()[:stream] {
		event += len(before.Events)
	}
	return &g.records[event]
}
