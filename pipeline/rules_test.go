package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// The rules that keep commits in flight from locking up (package committer) are kept, whatever fails, also where commands with the same
// streams and IDs come close behind each other.
func TestRulesAreKept(t *testing.T) {
	for _, inFlight := range []int{2, 4} {
		t.Run(fmt.Sprint("inflight=", inFlight), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched(t, memlog.New())
				p := pipeline.New(pipeline.Config{
					Batcher:   batcher.Config{MaxItems: 5, Linger: -1},
					Committer: committer.Config{InFlight: inFlight},
				}, w)
				var wg sync.WaitGroup
				for range 30 {
					wg.Go(func() {
						for range 50 {
							if _, err := p.Submit(t.Context(), w.command()).Wait(t.Context()); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if err := p.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if w.most < inFlight {
					t.Errorf("%d commits were in flight at most", w.most)
				}
			})
		})
	}
}

// watched is a log that is slow and fails at random, and holds the committer to the rules. mu guards the fields below it.
type watched struct {
	*memlog.Log
	t *testing.T

	mu      sync.Mutex
	random  *rand.Rand
	sent    []command.Command
	flights []*watchedFlight
	most    int // of them at a time
}

type watchedFlight struct {
	commit *committer.Commit
	owned  bool
}

var errWeather = errors.New("bad weather")

func newWatched(t *testing.T, log *memlog.Log) *watched {
	return &watched{Log: log, t: t, random: rand.New(rand.NewPCG(rand.Uint64(), 0))}
}

// command makes a command on one of a few streams, or repeats one of the last.
func (w *watched) command() command.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.sent); n > 0 && w.random.IntN(3) == 0 {
		return w.sent[n-1-w.random.IntN(min(n, 5))]
	}
	cmd := command.To(fmt.Sprint("stream-", w.random.IntN(3)), command.Any, command.Event{Type: "Happened"})
	cmd.ID = uuid.New()
	w.sent = append(w.sent, cmd)
	return cmd
}

func (w *watched) Append(ctx context.Context, commit *committer.Commit, link *committer.Link) error {
	f := w.begin(commit, link)
	defer w.end(f)
	return w.fly(ctx, f, link)
}

func (w *watched) begin(commit *committer.Commit, link *committer.Link) *watchedFlight {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.flights); n > 0 {
		before := w.flights[n-1]
		if !before.owned {
			w.t.Error("rule 1: the commit before does not own its place")
		}
		if link == nil || commit.Parent != before.commit.End() {
			w.t.Error("rule 2: what is behind a commit that has failed is not gone")
		}
	}
	if slices.ContainsFunc(w.flights, func(f *watchedFlight) bool { return shareKey(f.commit, commit) }) {
		w.t.Error("rule 3: a key is twice in flight")
	}
	f := &watchedFlight{commit: commit}
	w.flights = append(w.flights, f)
	w.most = max(w.most, len(w.flights))
	return f
}

func (w *watched) fly(ctx context.Context, f *watchedFlight, link *committer.Link) error {
	if w.weather() {
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: errWeather}
	}
	if link != nil {
		w.own(f)
		link.Owned()
		w.weather()
		if link.Await != nil {
			if err := link.Await(ctx); err != nil {
				w.weather() // it takes a while to be gone
				return committer.Orphaned(err)
			}
		}
	}
	if w.weather() {
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errWeather}
	}
	err := w.Log.Append(ctx, f.commit, nil)
	if w.weather() && err == nil {
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errWeather}
	}
	return err
}

// weather takes a while, and may be bad.
func (w *watched) weather() (bad bool) {
	time.Sleep(time.Duration(w.number(5)) * time.Millisecond)
	return w.number(30) == 0
}

// number is a random one below n.
func (w *watched) number(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

func (w *watched) own(f *watchedFlight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.owned = true
}

func (w *watched) end(f *watchedFlight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flights = slices.DeleteFunc(w.flights, func(other *watchedFlight) bool { return other == f })
}

// uniqueKey is what an event or a recorded command has for itself.
type uniqueKey struct {
	stream  string
	version int64
	id      uuid.UUID
}

func uniqueKeys(commit *committer.Commit) (keys []uniqueKey) {
	for i := range commit.Rows {
		keys = append(keys, uniqueKey{stream: commit.Rows[i].Stream, version: commit.Rows[i].Version})
	}
	for i := range commit.Records {
		keys = append(keys, uniqueKey{id: commit.Records[i].ID})
	}
	return keys
}

func shareKey(a, b *committer.Commit) bool {
	return slices.ContainsFunc(uniqueKeys(a), func(k uniqueKey) bool { return slices.Contains(uniqueKeys(b), k) })
}
