package decider_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/reading"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// process is a pipeline of its own on a log that it shares with others.
func process(log committer.Log, memory *memlog.Log, config committer.Config) *pipeline.Pipeline {
	config.Read = reader(memory)
	return pipeline.New(pipeline.Config{Committer: config}, log)
}

func reader(log *memlog.Log) func(context.Context, string, int64) iter.Seq2[command.RecordedEvent, error] {
	events, _ := reading.New(log, reading.Config{})
	return func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error] {
		return events.ReadStream(ctx, stream, reading.After(after))
	}
}

func readAll(t *testing.T, log *memlog.Log) []command.RecordedEvent {
	t.Helper()
	reader, _ := reading.New(log, reading.Config{})
	return collect(t, reader.ReadAll(t.Context()))
}

func collect(t *testing.T, events iter.Seq2[command.RecordedEvent, error]) (all []command.RecordedEvent) {
	t.Helper()
	for event, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event)
	}
	return all
}

// weather is a log in memory that fails at random: before a commit took effect, after, and with its answer lost.
type weather struct {
	*memlog.Log

	mu     sync.Mutex // guards random
	random *rand.Rand
	odds   int // one call in so many fails; 0: none
}

var errWeather = errors.New("bad weather")

func (w *weather) bad() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.odds > 0 && w.random.IntN(w.odds) == 0
}

func (w *weather) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	if w.bad() {
		return committer.Snapshot{}, &committer.Failure{Class: committer.Transient, Row: -1, Err: errWeather}
	}
	return w.Log.Look(ctx, query)
}

func (w *weather) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	if w.bad() {
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: errWeather}
	}
	if link != nil {
		link.Owned()
		if link.Await != nil {
			if err := link.Await(ctx); err != nil {
				return committer.Orphaned(err)
			}
		}
	}
	if w.bad() {
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errWeather}
	}
	err := w.Log.Append(ctx, commit, nil)
	if err == nil && w.bad() {
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errWeather}
	}
	return err
}

func closing(t *testing.T, p *pipeline.Pipeline) {
	t.Helper()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, config groupcommit.Config) *groupcommit.Store {
	t.Helper()
	return storetest.Opened(t)(groupcommit.OpenInMemory(config))
}
