package workload

import (
	"context"
	"errors"
	"fmt"

	"github.com/groupcommit/groupcommit"
)

// maxAttempts bounds how often a command is tried. Where it is reached, the streams are too hot for optimistic retry.
const maxAttempts = 1000

// Write is the part of a command that concerns one stream.
type Write struct {
	groupcommit.StreamWrite

	committed func() // told after the command has taken effect; nil: nobody is
}

// Create is a part of a command: these events are the first of a new stream.
func Create(stream string, events ...groupcommit.Event) Write {
	return Write{StreamWrite: groupcommit.StreamWrite{Stream: stream, Expect: groupcommit.NoStream, Events: events}}
}

// Decide reads what it needs, judges it, and gives what to append, or the Refusal of a business rule. It may be called
// several times for one command and has no effect of its own.
type Decide func(ctx context.Context, attempt *Attempt) ([]Write, error)

// Outcome tells what became of a command.
type Outcome struct {
	Events    int // that were appended
	Conflicts int // attempts that came too late and were made again
}

// Execute runs a command to its end: decide, append, and once more when a stream was no longer as it was read. A refusal is
// told only after it was confirmed on what the log says. Metadata that is not zero is given to every event.
func Execute(ctx context.Context, store Store, metadata groupcommit.Metadata, decide Decide) (Outcome, error) {
	var outcome Outcome
	var attempt Attempt
	for {
		writes, err := decide(ctx, &attempt)
		if _, refused := errors.AsType[Refusal](err); refused && attempt.fromMemory {
			attempt = Attempt{fresh: true}
			continue
		}
		if err != nil {
			return outcome, err
		}
		cmd := commandOf(writes, metadata)
		_, err = store.Append(ctx, cmd)
		if err == nil {
			outcome.Events = cmd.Events()
			settle(writes)
			return outcome, nil
		}
		conflict, ok := errors.AsType[*groupcommit.ConflictError](err)
		if !ok {
			return outcome, err
		}
		outcome.Conflicts++
		if outcome.Conflicts == maxAttempts {
			return outcome, fmt.Errorf("given up after %d attempts: %w", maxAttempts, err)
		}
		if err := backOff(ctx, outcome.Conflicts); err != nil {
			return outcome, err
		}
		attempt = Attempt{conflict: conflict}
	}
}

func commandOf(writes []Write, metadata groupcommit.Metadata) groupcommit.Command {
	streams := make([]groupcommit.StreamWrite, len(writes))
	for i := range writes {
		streams[i] = writes[i].StreamWrite
	}
	if metadata == (groupcommit.Metadata{}) {
		return groupcommit.Command{Streams: streams}
	}
	encoded := metadata.Encode()
	for i := range streams {
		for j := range streams[i].Events {
			streams[i].Events[j].Metadata = encoded
		}
	}
	return groupcommit.Command{Streams: streams}
}

func settle(writes []Write) {
	for i := range writes {
		if writes[i].committed != nil {
			writes[i].committed()
		}
	}
}
