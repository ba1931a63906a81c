package reading

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/groupcommit/groupcommit/command"
)

// What the tail holds at most. One chunk may exceed it.
const (
	tailEvents = 10_000
	tailBytes  = 4 << 20
	chunkLimit = 1_000 // events that are read at once
)

// tail is the end of the log as the subscriptions of a reader share it. What is new is read once, by whichever comes first, and given to all: ten
// subscriptions cost the database what one does. Who is too far behind reads from the log.
//
// lock, which holds a token, guards the other fields. It is held while the log is read, and may be waited for until a context ends.
type tail struct {
	log    Log
	lock   chan struct{}
	start  command.Checkpoint // what is held comes behind it
	chunks []chunk
	events int
	bytes  int
	end    int64 // where the log ended when it was last looked at
}

// chunk is what was read at once.
type chunk struct {
	events []command.RecordedEvent
	last   command.Checkpoint
	bytes  int
}

func newTail(log Log) *tail {
	t := &tail{log: log, lock: make(chan struct{}, 1)}
	t.lock <- struct{}{}
	return t
}

// next gives what comes behind a checkpoint and is selected, at most so many events; what has just ended there is read on if that is where the tail ends. It is not
// ok where the checkpoint is in front of the tail.
func (t *tail) next(ctx context.Context, at command.Checkpoint, s *Selection, limit int) (batch Batch, ok bool, err error) {
	select {
	case <-t.lock:
	case <-ctx.Done():
		return Batch{}, false, context.Cause(ctx)
	}
	defer func() { t.lock <- struct{}{} }()
	if ok, err := t.reach(ctx, at); !ok || err != nil {
		return Batch{}, false, err
	}
	i := slices.IndexFunc(t.chunks, func(c chunk) bool { return c.last.Position > at.Position })
	if i < 0 {
		return Batch{Last: t.last(), End: t.end}, true, nil
	}
	c := &t.chunks[i]
	events := c.events[len(c.events)-int(c.last.Position-at.Position):]
	if len(events) > limit {
		return Batch{}, false, nil // where it would have to stop, no commit is known
	}
	return Batch{Events: pick(events, s), Last: c.last, End: t.end}, true, nil
}

// reach reads on where the tail ends at a checkpoint, and begins it anew where that is beyond it. It is not ok where the checkpoint is in front of what
// is held, or not known to be one of this log.
func (t *tail) reach(ctx context.Context, at command.Checkpoint) (ok bool, err error) {
	last := t.last()
	switch {
	case at.CommitID == [16]byte{}:
		return false, nil
	case at.Position > last.Position, at.Position == last.Position && at.CommitID != last.CommitID:
		*t = tail{log: t.log, lock: t.lock, start: at, end: at.Position}
	case at.Position < t.start.Position:
		return false, nil
	case at.Position < last.Position:
		return true, nil
	}
	return true, t.read(ctx, at)
}

// read appends what is new in the log to the tail.
func (t *tail) read(ctx context.Context, at command.Checkpoint) error {
	tip, events, err := t.log.Next(ctx, at.Position, at.Position+chunkLimit)
	if err == nil {
		err = tip.confirm(at)
	}
	if err == nil {
		err = complete(at.Position, events, tip.Stop.Position)
	}
	if err != nil {
		return err
	}
	t.end = tip.End.Position
	if len(events) > 0 {
		t.add(chunk{events: events, last: tip.Stop, bytes: size(events)})
	}
	return nil
}

func (t *tail) add(c chunk) {
	t.chunks = append(t.chunks, c)
	t.events, t.bytes = t.events+len(c.events), t.bytes+c.bytes
	for len(t.chunks) > 1 && (t.events > tailEvents || t.bytes > tailBytes) {
		oldest := t.chunks[0]
		t.start = oldest.last
		t.events, t.bytes = t.events-len(oldest.events), t.bytes-oldest.bytes
		t.chunks = slices.Delete(t.chunks, 0, 1)
	}
}

// last is where the tail ends.
func (t *tail) last() command.Checkpoint {
	if len(t.chunks) == 0 {
		return t.start
	}
	return t.chunks[len(t.chunks)-1].last
}

func size(events []command.RecordedEvent) (bytes int) {
	for i := range events {
		bytes += len(events[i].Data) + len(events[i].Metadata) + len(events[i].Stream) + len(events[i].Type)
	}
	return bytes
}

// pick copies the events that are selected, with memory of their own: each subscriber may do with them what it likes.
func pick(events []command.RecordedEvent, s *Selection) (picked []command.RecordedEvent) {
	for i := range events {
		if s.picks(&events[i]) {
			event := events[i]
			event.Data, event.Metadata = bytes.Clone(event.Data), bytes.Clone(event.Metadata)
			picked = append(picked, event)
		}
	}
	return picked
}

func (s *Selection) picks(e *command.RecordedEvent) bool {
	return (len(s.Types) == 0 || slices.Contains(s.Types, e.Type)) && strings.HasPrefix(e.Stream, s.Prefix)
}
