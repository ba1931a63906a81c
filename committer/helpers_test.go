package committer_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

// script is a log in memory whose answers can be tampered with.
type script struct {
	*memlog.Log
	onAppend func(*committer.Commit) error // before; an error is returned in place of appending
	answer   func(error) error             // after; what is told of the result
	onLook   func() error
	onSync   func() error

	appends int // attempts
	looks   []committer.Query
}

func newScript() *script { return &script{Log: memlog.New()} }

func (s *script) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	s.appends++
	if link != nil {
		link.Owned()
		if link.Await != nil {
			if err := link.Await(ctx); err != nil {
				return committer.Orphaned(err)
			}
		}
	}
	if s.onAppend != nil {
		if err := s.onAppend(commit); err != nil {
			return err
		}
	}
	err := s.Log.Append(ctx, commit, nil)
	if s.answer != nil {
		err = s.answer(err)
	}
	return err
}

func (s *script) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	s.looks = append(s.looks, query)
	if s.onLook != nil {
		if err := s.onLook(); err != nil {
			return committer.Snapshot{}, err
		}
	}
	return s.Log.Look(ctx, query)
}

func (s *script) Sync(ctx context.Context) error {
	if s.onSync != nil {
		return s.onSync()
	}
	return s.Log.Sync(ctx)
}

// once gives each error in turn, one a call, and then nil.
func once(errs ...error) func(*committer.Commit) error {
	return func(*committer.Commit) error {
		if len(errs) == 0 {
			return nil
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

// testingT is what testing.TB and rapid.T have in common.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
}

func fails(class committer.Class) *committer.Failure { return failsAt(class, -1) }

func failsAt(class committer.Class, row int) *committer.Failure {
	return &committer.Failure{Class: class, Row: row, Code: "99999", Err: errScripted}
}

// verdict receives what an entry is told, and tells a second time from a first.
type verdict struct {
	result command.Result
	err    error
	told   int
	onTold func()
}

func (v *verdict) Resolve(result command.Result, err error) {
	v.result, v.err = result, err
	v.told++
	if v.onTold != nil {
		v.onTold()
	}
}

// entries encodes commands, each with a receiver of its own.
func entries(log committer.Log, commands ...command.Command) ([]*committer.Entry, []*verdict) {
	es := make([]*committer.Entry, len(commands))
	vs := make([]*verdict, len(commands))
	for i := range commands {
		vs[i] = &verdict{}
		es[i] = &committer.Entry{Receiver: vs[i]}
		es[i].Fill(log, &commands[i])
	}
	return es, vs
}

// commit runs one batch and checks that each command is told exactly once.
func commit(t testing.TB, c *committer.Committer, log committer.Log, commands ...command.Command) []*verdict {
	t.Helper()
	es, vs := entries(log, commands...)
	complete(t.Context(), c, es)
	for i, v := range vs {
		if v.told != 1 {
			t.Fatalf("command %d was told %d times", i, v.told)
		}
	}
	return vs
}

// complete runs one batch to its end.
func complete(ctx context.Context, c *committer.Committer, es []*committer.Entry) {
	c.Begin(ctx, es, func() {})
	for !c.Idle() {
		c.Handle(<-c.Answers())
	}
}

func write(stream string, expect command.Expect, events ...string) command.Command {
	cmd := command.To(stream, expect)
	for _, name := range events {
		cmd.Streams[0].Events = append(cmd.Streams[0].Events, command.Event{Type: name})
	}
	return cmd
}

func withID(id uuid.UUID, cmd command.Command) command.Command {
	cmd.ID = id
	return cmd
}

// logged is the log as "stream@version:type" by position.
func logged(t testing.TB, log *memlog.Log) []command.RecordedEvent {
	t.Helper()
	events, err := log.Read(t.Context(), reading.Selection{After: 0, UpTo: math.MaxInt64, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return events
}
