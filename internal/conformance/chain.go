package conformance

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// Chain builds commits that follow each other, as a committer that has the log to itself. When somebody else has written, make a new
// one. It belongs to the goroutine of its test.
type Chain struct {
	t        testing.TB
	log      committer.Log
	end      committer.Point
	time     time.Time
	versions map[string]int64 // of the streams it has met
}

// NewChain starts at the end of the log.
func NewChain(t testing.TB, log committer.Log) *Chain {
	t.Helper()
	snapshot, err := log.Look(t.Context(), committer.Query{})
	if err != nil {
		t.Fatalf("look at the end: %v", err)
	}
	return &Chain{t: t, log: log, end: snapshot.End, time: snapshot.EndTime, versions: make(map[string]int64)}
}

// Step is a commit, and the events that the log holds for it once it is appended.
type Step struct {
	Commit *committer.Commit
	Events []command.RecordedEvent
}

// End is where the chain has come to.
func (c *Chain) End() committer.Point { return c.end }

// Version is the version of a stream there, 0 for one that the chain has not met.
func (c *Chain) Version(stream string) int64 { return c.versions[stream] }

// Events is a write of n small events, each with data of its own.
func Events(stream string, n int) command.StreamWrite {
	events := make([]command.Event, n)
	for i := range events {
		id := command.NewEventID()
		events[i] = command.Event{ID: id, Type: "Happened", Data: fmt.Appendf(nil, `{"id": %q, "n": %d}`, id, i)}
	}
	return command.StreamWrite{Stream: stream, Events: events}
}

// Next builds the commit that follows the end of the chain, one command with a row for each event. The chain stays where it is. A
// stream may be written several times; expectations are not looked at. Events without an ID are given one.
func (c *Chain) Next(writes ...command.StreamWrite) *Step {
	c.t.Helper()
	c.meet(writes)
	commit := &committer.Commit{ID: uuid.New(), Parent: c.end, Time: c.nextTime(), Commands: 1}
	step := &Step{Commit: commit}
	versions := make(map[string]int64)
	var encoded []byte
	var ends []int
	for _, write := range writes {
		for _, event := range write.Events {
			if event.ID == uuid.Nil {
				event.ID = command.NewEventID()
			}
			versions[write.Stream]++
			encoded = c.log.AppendRow(encoded, write.Stream, event)
			ends = append(ends, len(encoded))
			commit.Rows = append(commit.Rows, committer.Row{
				Stream:  write.Stream,
				Version: c.versions[write.Stream] + versions[write.Stream],
			})
			step.Events = append(step.Events, c.expected(step, &event))
		}
	}
	from := 0
	for i, to := range ends {
		commit.Rows[i].Encoded = encoded[from:to:to]
		from = to
	}
	return step
}

// Append appends the next commit, which must succeed, and moves on behind it.
func (c *Chain) Append(writes ...command.StreamWrite) *Step {
	c.t.Helper()
	step := c.Next(writes...)
	c.Commit(step)
	return step
}

// Commit appends a step, which must succeed, and moves on behind it.
func (c *Chain) Commit(step *Step) {
	c.t.Helper()
	if err := c.log.Append(c.t.Context(), step.Commit, nil); err != nil {
		c.t.Fatalf("append %d rows behind position %d: %v", len(step.Commit.Rows), step.Commit.Parent.Position, err)
	}
	c.Follow(step)
}

// Follow moves on behind a step that was appended.
func (c *Chain) Follow(step *Step) {
	c.end, c.time = step.Commit.End(), step.Commit.Time
	for i := range step.Events {
		c.versions[step.Events[i].Stream] = step.Events[i].Version
	}
}

// meet asks the log for the versions of streams that are new to the chain.
func (c *Chain) meet(writes []command.StreamWrite) {
	c.t.Helper()
	var streams []string
	for _, write := range writes {
		if _, met := c.versions[write.Stream]; !met {
			c.versions[write.Stream] = 0
			streams = append(streams, write.Stream)
		}
	}
	if len(streams) == 0 {
		return
	}
	snapshot, err := c.log.Look(c.t.Context(), committer.Query{Streams: streams})
	if err != nil {
		c.t.Fatalf("look at %d streams: %v", len(streams), err)
	}
	if len(snapshot.Versions) != len(streams) {
		c.t.Fatalf("asked for %d streams, got %d versions", len(streams), len(snapshot.Versions))
	}
	for i, stream := range streams {
		c.versions[stream] = snapshot.Versions[i]
	}
}

// nextTime is by the clock, but later than the commit before.
func (c *Chain) nextTime() time.Time {
	now := time.Now().Truncate(time.Microsecond)
	if now.After(c.time) {
		return now
	}
	return c.time.Add(time.Microsecond)
}

// expected is the event of the last row of a step, as it will be read if it has data.
func (c *Chain) expected(step *Step, event *command.Event) command.RecordedEvent {
	row := &step.Commit.Rows[len(step.Commit.Rows)-1]
	return command.RecordedEvent{
		Position:   step.Commit.End().Position,
		Stream:     row.Stream,
		Version:    row.Version,
		ID:         event.ID,
		Type:       event.Type,
		Data:       event.Data,
		Metadata:   event.Metadata,
		RecordedAt: step.Commit.Time,
	}
}

// WithIDs records command IDs with the step, each as if its command had written all of it. It returns the step.
func (s *Step) WithIDs(ids ...uuid.UUID) *Step {
	for _, id := range ids {
		record := committer.Record{
			ID:          id,
			Fingerprint: sha256.Sum256(id[:]),
			First:       s.Commit.Parent.Position + 1,
			Last:        s.Commit.End().Position,
			CommittedAt: s.Commit.Time,
		}
		for i := range s.Commit.Rows {
			record.Versions = append(record.Versions, s.Commit.Rows[i].Version)
		}
		s.Commit.Records = append(s.Commit.Records, record)
	}
	return s
}
