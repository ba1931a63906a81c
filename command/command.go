package command

import "github.com/google/uuid"

// Command asks for events to be appended to one or more streams, all or none.
//
// Every stream is listed once, with what the caller expects of it. A stream without events is only guarded: its
// expectation must hold at the very place in the log where the events of the others are appended. A command carries at
// least one event in all.
type Command struct {
	// ID makes a retry safe. A command with an ID takes effect at most once, however often it is submitted, by this
	// process or another one; a repetition is answered with the first result and Result.Duplicate set. A repetition is the same
	// command with the same expectations and events; one that was decided anew gets a *ReusedIDError, which tells what the
	// first one wrote. The zero ID, the default, means that the command is not recorded and costs nothing extra.
	//
	// IDs are kept until the owner of the schema prunes them: SELECT prune_command_ids('7 days').
	ID uuid.UUID

	Streams []StreamWrite

	// Decision takes the place of Streams in a command that is decided when it is its turn. Package decider makes them.
	Decision Decision
}

// StreamWrite is the part of a command that concerns one stream.
type StreamWrite struct {
	Stream string
	Expect Expect  // of the stream's version before Events; the zero value is Any
	Events []Event // appended in this order; none: the stream is only guarded
}

// To is a command that appends events to one stream.
func To(stream string, expect Expect, events ...Event) Command {
	return Command{Streams: []StreamWrite{{Stream: stream, Expect: expect, Events: events}}}
}

// Events is the number of events that the command appends.
func (c *Command) Events() int {
	n := 0
	for i := range c.Streams {
		n += len(c.Streams[i].Events)
	}
	return n
}
