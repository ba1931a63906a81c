package committer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/reading"
)

// Random batches of two committers on one log that fails at random. One after the other in the order in which they were told, the
// verdicts must be those of a sequential store; the log must hold exactly what was acknowledged.
func TestVerdictsAreThoseOfASequentialStore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			m := &model{ctx: t.Context(), log: newScript(), versions: make(map[string]int64), done: make(map[uuid.UUID]*verdict)}
			m.log.onAppend = func(*committer.Commit) error { return m.fault(rt, "before") }
			m.log.answer = func(err error) error {
				if err == nil && rapid.IntRange(0, 5).Draw(rt, "lose answer") == 0 {
					return fails(committer.InDoubt)
				}
				return err
			}
			config := committer.Config{HeadStreams: rapid.IntRange(1, 4).Draw(rt, "heads")}
			committers := []*committer.Committer{committer.New(m.log, config), committer.New(m.log, config)}
			for range rapid.IntRange(1, 12).Draw(rt, "batches") {
				m.batch(rt, committers[rapid.IntRange(0, 1).Draw(rt, "process")])
			}
			m.checkLog(rt)
		})
	})
}

type model struct {
	ctx      context.Context // of the bubble that everything runs in
	log      *script
	versions map[string]int64
	end      int64
	done     map[uuid.UUID]*verdict
	sent     map[uuid.UUID]command.Command
	events   []string // by position
}

func (m *model) fault(t *rapid.T, label string) error {
	switch rapid.IntRange(0, 12).Draw(t, label) {
	case 0:
		return fails(committer.Transient)
	case 1:
		return fails(committer.InDoubt)
	case 2:
		return failsAt(committer.Stale, rapid.IntRange(-1, 0).Draw(t, "stale row"))
	case 3:
		return fails(committer.Recorded)
	default:
		return nil
	}
}

func (m *model) batch(t *rapid.T, c *committer.Committer) {
	commands := rapid.SliceOfN(rapid.Custom(m.command), 1, 6).Draw(t, "commands")
	es, vs := entries(m.log, commands...)
	complete(m.ctx, c, es)
	for i, v := range vs {
		if v.told != 1 {
			t.Fatalf("command %d was told %d times", i, v.told)
		}
		m.judge(t, commands[i], v)
	}
}

func (m *model) command(t *rapid.T) command.Command {
	if len(m.sent) > 0 && rapid.IntRange(0, 4).Draw(t, "repeat") == 0 {
		id := rapid.SampledFrom(ids(m.sent)).Draw(t, "id")
		return m.sent[id]
	}
	var cmd command.Command
	streams := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 3, rapid.ID).Draw(t, "streams")
	for i, stream := range streams {
		w := command.StreamWrite{Stream: stream, Expect: command.Expect(rapid.IntRange(-2, 4).Draw(t, "expect"))}
		for range rapid.IntRange(1-min(i, 1), 2).Draw(t, "events") {
			w.Events = append(w.Events, command.Event{Type: fmt.Sprint("e", rapid.IntRange(0, 1000).Draw(t, "type"))})
		}
		cmd.Streams = append(cmd.Streams, w)
	}
	if rapid.Bool().Draw(t, "with id") {
		cmd.ID = uuid.New()
		if m.sent == nil {
			m.sent = make(map[uuid.UUID]command.Command)
		}
		m.sent[cmd.ID] = cmd
	}
	return cmd
}

func ids(sent map[uuid.UUID]command.Command) (ids []uuid.UUID) {
	for id := range sent {
		ids = append(ids, id)
	}
	return ids
}

// judge runs the command on the sequential store and compares the verdicts.
func (m *model) judge(t *rapid.T, cmd command.Command, v *verdict) {
	if first := m.done[cmd.ID]; first != nil && cmd.ID != uuid.Nil {
		wantDuplicate(t, v, first)
		return
	}
	for _, s := range cmd.Streams {
		if !s.Expect.Holds(m.versions[s.Stream]) {
			conflict, ok := errors.AsType[*command.ConflictError](v.err)
			if !ok || *conflict != (command.ConflictError{Stream: s.Stream, Expected: s.Expect, Actual: m.versions[s.Stream]}) {
				t.Fatalf("got %v for %+v at %v", v.err, cmd, m.versions)
			}
			return
		}
	}
	if v.err != nil {
		t.Fatalf("got %v for %+v at %v", v.err, cmd, m.versions)
	}
	if v.result.First != m.end+1 || v.result.Last != m.end+int64(cmd.Events()) || v.result.Duplicate {
		t.Fatalf("got %+v behind position %d", v.result, m.end)
	}
	m.apply(cmd)
	for _, s := range cmd.Streams {
		if v.result.Version(s.Stream) != m.versions[s.Stream] {
			t.Fatalf("got %+v, want %v", v.result, m.versions)
		}
	}
	m.done[cmd.ID] = v
}

func (m *model) apply(cmd command.Command) {
	for _, s := range cmd.Streams {
		for _, e := range s.Events {
			m.end++
			m.versions[s.Stream]++
			m.events = append(m.events, fmt.Sprintf("%s@%d:%s", s.Stream, m.versions[s.Stream], e.Type))
		}
	}
}

func (m *model) checkLog(t *rapid.T) {
	events, err := m.log.Read(m.ctx, reading.Selection{After: 0, UpTo: math.MaxInt64, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != len(m.events) {
		t.Fatalf("%d events in the log, want %d", len(events), len(m.events))
	}
	for i, e := range events {
		if got := fmt.Sprintf("%s@%d:%s", e.Stream, e.Version, e.Type); got != m.events[i] || e.Position != int64(i+1) {
			t.Fatalf("position %d holds %s, want %s", e.Position, got, m.events[i])
		}
	}
}
