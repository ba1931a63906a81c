package groupcommit_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/reading"
)

// Commands, repetitions and faults, and stores that are closed and opened again, in a random course of things: the log explains every verdict, and
// each command has one.
func TestCourseIsExplainedByTheLog(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			synctest.Test(t, func(t *testing.T) { runCourse(t, rt, newMemoryNode(t)) })
		})
	})
	t.Run("postgres", func(t *testing.T) {
		pgtest.FewerChecks(t, 30)
		rapid.Check(t, func(rt *rapid.T) { runCourse(t, rt, newPostgresNode(t)) })
	})
}

// node is a log, and a store on it that comes and goes.
type node interface {
	open(*rapid.T) submitter
	close(*rapid.T)
	fail(*rapid.T) // lets something go wrong in a while, once
	end() int64
	events(*rapid.T) []groupcommit.RecordedEvent
}

func runCourse(t *testing.T, rt *rapid.T, n node) {
	crowd := &crowd{ctx: t.Context(), end: n.end, seed: rapid.Uint64().Draw(rt, "seed")}
	store := n.open(rt)
	call := 0
	rt.Repeat(map[string]func(*rapid.T){
		"append": func(rt *rapid.T) {
			var callers sync.WaitGroup
			for range rapid.IntRange(1, 4).Draw(rt, "callers") {
				first, count := call, rapid.IntRange(1, 8).Draw(rt, "commands")
				call += count
				callers.Go(func() { crowd.append(rt, store, first, count) })
			}
			callers.Wait()
		},
		"repeat": func(rt *rapid.T) {
			if len(crowd.repeatable) == 0 {
				rt.Skip("no command has an ID")
			}
			call++
			crowd.submit(rt, store, -call, rapid.SliceOfN(rapid.SampledFrom(crowd.repeatable), 1, 3).Draw(rt, "again"))
		},
		"fail": n.fail,
		"reopen": func(rt *rapid.T) {
			n.close(rt)
			store = n.open(rt)
		},
	})
	n.close(rt)
	crowd.judge(rt, n.events(rt))
}

// memoryNode is a log in memory of which an attempt can fail. mu guards what is below it.
type memoryNode struct {
	*memlog.Log
	ctx   context.Context
	store *pipeline.Pipeline

	mu      sync.Mutex
	left    int // attempts before the one that fails; negative: none does
	failure *committer.Failure
	written bool // the attempt takes effect, and its answer is lost
}

func newMemoryNode(t *testing.T) *memoryNode {
	return &memoryNode{Log: memlog.New(), ctx: t.Context(), left: -1}
}

func (n *memoryNode) open(rt *rapid.T) submitter {
	n.store = pipeline.New(pipeline.Config{
		Batcher: batcher.Config{MaxItems: rapid.IntRange(1, 10).Draw(rt, "batch")},
		Committer: committer.Config{
			InFlight:    rapid.IntRange(1, 4).Draw(rt, "in flight"),
			HeadStreams: rapid.IntRange(1, 6).Draw(rt, "heads"),
			Turns:       n.Process(),
		},
	}, n)
	return n.store
}

func (n *memoryNode) close(rt *rapid.T) {
	if err := n.store.Close(n.ctx); err != nil {
		rt.Error(err)
	}
}

var errDrawn = errors.New("it was drawn to fail")

func (n *memoryNode) fail(rt *rapid.T) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = rapid.IntRange(0, 5).Draw(rt, "attempts before")
	n.written = rapid.Bool().Draw(rt, "written")
	n.failure = &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errDrawn}
	if !n.written && rapid.Bool().Draw(rt, "certain") {
		n.failure.Class = committer.Transient
	}
}

func (n *memoryNode) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	failure, written := n.draw()
	if failure != nil && !written {
		return failure
	}
	err := n.Log.Append(ctx, commit, link)
	if failure != nil && err == nil {
		return failure
	}
	return err
}

func (n *memoryNode) draw() (failure error, written bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left--
	if n.left != -1 {
		return nil, false
	}
	return n.failure, n.written
}

func (n *memoryNode) end() int64 {
	snapshot, err := n.Look(n.ctx, committer.Query{})
	if err != nil {
		panic(err) // nothing fails there
	}
	return snapshot.End.Position
}

func (n *memoryNode) events(rt *rapid.T) []groupcommit.RecordedEvent {
	events, err := n.Read(n.ctx, reading.Selection{UpTo: math.MaxInt64, Limit: math.MaxInt})
	if err != nil {
		rt.Fatal(err)
	}
	return events
}

// postgresNode is a schema whose connections can be lost.
type postgresNode struct {
	t         *testing.T
	schema    string
	lookAtEnd func() int64
	proxy     *pgproxy.Proxy
	trap      *pgproxy.Trap
	store     *groupcommit.Store
}

func newPostgresNode(t *testing.T) *postgresNode {
	schema := pgtest.Schema(t)
	return &postgresNode{t: t, schema: schema, lookAtEnd: endOf(t, schema), proxy: pgproxy.New(t, pgtest.URL(t), 0)}
}

func (n *postgresNode) open(rt *rapid.T) submitter {
	n.heal()
	n.store = openPostgres(n.t, groupcommit.Config{
		DatabaseURL:   n.proxy.URL(),
		Schema:        n.schema,
		BatchCommands: rapid.IntRange(1, 10).Draw(rt, "batch"),
		InFlight:      rapid.IntRange(1, 4).Draw(rt, "in flight"),
		HeadStreams:   rapid.IntRange(1, 6).Draw(rt, "heads"),
	})
	return n.store
}

func (n *postgresNode) close(rt *rapid.T) {
	if err := n.store.Close(n.t.Context()); err != nil {
		rt.Error(err)
	}
}

func (n *postgresNode) fail(rt *rapid.T) {
	n.heal()
	from := rapid.SampledFrom([]pgproxy.Side{pgproxy.Frontend, pgproxy.Backend}).Draw(rt, "from")
	at := rapid.SampledFrom([]pgproxy.Point{pgproxy.Before, pgproxy.Within, pgproxy.After}).Draw(rt, "at")
	ending := rapid.SampledFrom([]pgproxy.Ending{pgproxy.FIN, pgproxy.RST}).Draw(rt, "ending")
	number := rapid.IntRange(1, 40).Draw(rt, "frame")
	n.trap = n.proxy.On(func(f *pgproxy.Frame) bool { return f.From == from }, number, pgproxy.Cut(at, ending))
}

// heal takes back what has not gone wrong yet.
func (n *postgresNode) heal() {
	if n.trap != nil {
		n.trap.Remove()
	}
}

func (n *postgresNode) end() int64 { return n.lookAtEnd() }

func (n *postgresNode) events(*rapid.T) []groupcommit.RecordedEvent {
	store := openPostgres(n.t, groupcommit.Config{Schema: n.schema})
	defer store.Close(n.t.Context())
	return readAll(n.t, store)
}
