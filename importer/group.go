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
	streams []groupcommit.StreamWrite
	cursors [][]string // of the events, as they are in streams
	names   map[string]struct{}
	events  int
	bytes   int
	last    Record
}

// takes tells whether a record, whose metadata is complete, can follow in the group.
func (g *group) takes(r *Record, o *Options) bool {
	if g.events == 0 {
		return true
	}
	_, known := g.names[r.Stream]
	return g.events < o.CommandEvents &&
		g.bytes+size(r) <= o.CommandBytes &&
		(r.Stream == g.last.Stream || !known && len(g.streams) < o.CommandStreams) // a command keeps the events of a stream together
}

// size is what a record counts of CommandBytes, at most: the store counts the name of a stream once.
func size(r *Record) int {
	return len(r.Stream) + len(r.Event.Type) + len(r.Event.Data) + len(r.Event.Metadata)
}

func (g *group) add(r Record) error {
	if g.events == 0 || r.Stream != g.last.Stream {
		g.begin(&r)
	} else if r.Version > 0 && r.Version != g.last.Version+1 {
		return fmt.Errorf("its version is %d, and that of the event before it is %d", r.Version, g.last.Version)
	}
	i := len(g.streams) - 1
	g.streams[i].Events = append(g.streams[i].Events, r.Event)
	g.cursors[i] = append(g.cursors[i], r.Cursor)
	g.events++
	g.bytes += size(&r)
	g.last = r
	return nil
}

// begin adds the stream of a record.
func (g *group) begin(r *Record) {
	expect := groupcommit.Any
	if r.Version > 0 {
		expect = groupcommit.Exact(r.Version - 1)
	}
	if g.names == nil {
		g.names = make(map[string]struct{})
	}
	g.names[r.Stream] = struct{}{}
	g.streams = append(g.streams, groupcommit.StreamWrite{Stream: r.Stream, Expect: expect})
	g.cursors = append(g.cursors, nil)
}

func (g *group) first() string { return g.cursors[0][0] }

// command has the same ID and content whenever the group is read again.
func (g *group) command(name string) groupcommit.Command {
	return groupcommit.Command{
		ID:      uuid.NewSHA1(namespace, []byte(name+"\x00"+g.first())),
		Streams: g.streams,
	}
}

// blame says which event is at fault, where it is an event.
func (g *group) blame(err error) error {
	if invalid, ok := errors.AsType[*groupcommit.InvalidError](err); ok {
		var stream, event int
		if n, _ := fmt.Sscanf(invalid.Field, "Streams[%d].Events[%d]", &stream, &event); n > 0 {
			return &EventError{g.cursors[stream][event], g.streams[stream].Stream, err}
		}
	}
	return &CommandError{g.first(), g.last.Cursor, err}
}
