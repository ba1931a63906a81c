package decider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// tally is a state that tells which events it was folded from: how many, and a hash of them in their order.
type tally struct {
	Count int64
	Hash  uint64
}

func (s tally) evolve(e groupcommit.RecordedEvent) (tally, error) {
	return tally{s.Count + 1, s.Hash*31 + uint64(e.Version)*uint64(len(e.Type)) + uint64(e.Position)}, nil
}

// seen is the data of a decision's events: the states that it was decided on, by stream.
type seen map[string]tally

// refusal is the error of a decision that refuses.
type refusal struct{ saw seen }

func (r refusal) Error() string { return fmt.Sprint("refused on ", r.saw) }

// actor submits what a model test asks for: decisions on a few streams, some of which are not declared, refusals, decisions that write nothing, and
// plain commands.
type actor struct {
	store   decider.Submitter
	tallies *decider.Decider[tally]
	random  *rand.Rand
}

func (a *actor) stream() string { return fmt.Sprint("s", a.random.IntN(4)) }

func (a *actor) act(ctx context.Context) *groupcommit.Future {
	if a.random.IntN(3) == 0 {
		return a.store.Submit(ctx, command.To(a.stream(), command.Any, plain))
	}
	var parts []decider.Part
	var handles []decider.Handle[tally]
	for range 1 + a.random.IntN(3) {
		h := a.tallies.At(a.stream())
		handles = append(handles, h)
		if a.random.IntN(4) > 0 {
			parts = append(parts, h)
		}
	}
	kind, write := a.random.IntN(6), a.random.IntN(len(handles))
	return decider.Submit(ctx, a.store, func(d *decider.Decision) error {
		saw := seen{}
		for _, h := range handles {
			saw[h.Stream()] = h.State(d)
		}
		switch kind {
		case 0:
			return refusal{saw}
		case 1:
			return nil
		}
		for _, h := range handles[:write+1] {
			h.Append(d, groupcommit.JSON("Saw", saw))
		}
		d.To("other-"+uuid.NewString(), groupcommit.NoStream, groupcommit.JSON("Saw", saw))
		return nil
	}, parts...)
}

var plain = command.Event{Type: "Plain"}

// history replays the log.
type history struct {
	states map[string]tally
	was    map[string]map[int64]tally // by version
}

func replay(t testing.TB, events []command.RecordedEvent, starts map[int64]int64) *history {
	h := &history{states: map[string]tally{}, was: map[string]map[int64]tally{}}
	before := map[string]tally{}
	end := int64(0)
	for _, e := range events {
		if last, ok := starts[e.Position]; ok { // a command begins
			before, end = map[string]tally{}, last
			for stream, state := range h.states {
				before[stream] = state
			}
		}
		if e.Position > end {
			t.Fatalf("position %d was not acknowledged", e.Position)
		}
		if e.Type == "Saw" {
			var saw seen
			if err := json.Unmarshal(e.Data, &saw); err != nil {
				t.Fatal(err)
			}
			for stream, state := range saw {
				if before[stream] != state {
					t.Fatalf("position %d was decided on %s as %+v, and it was %+v", e.Position, stream, state, before[stream])
				}
			}
		}
		next, _ := h.states[e.Stream].evolve(e)
		h.states[e.Stream] = next
		if h.was[e.Stream] == nil {
			h.was[e.Stream] = map[int64]tally{}
		}
		h.was[e.Stream][e.Version] = next
	}
	return h
}

// trial is what actors were told of what they asked for.
type trial struct {
	mu       sync.Mutex      // guards the fields below
	starts   map[int64]int64 // first and last positions of what commands wrote
	refusals []seen
	told     int
}

// run lets four actors act on each store, and returns when all are told. After each is told, so many being it, it calls then.
func (r *trial) run(t *testing.T, seed uint64, stores []decider.Submitter, then func(told int)) {
	r.starts = map[int64]int64{}
	var wg sync.WaitGroup
	for n, store := range stores {
		tallies := decider.New(tally.evolve)
		for client := range 4 {
			a := &actor{store: store, tallies: tallies, random: rand.New(rand.NewPCG(seed, uint64(n*10+client)))}
			wg.Go(func() {
				for range 15 {
					result, err := a.act(t.Context()).Wait(t.Context())
					then(r.note(t, result, err))
				}
			})
		}
	}
	wg.Wait()
}

func (r *trial) note(t *testing.T, result groupcommit.Result, err error) (told int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refused, ok := errors.AsType[refusal](err); ok {
		r.refusals = append(r.refusals, refused.saw)
	} else if _, invalid := errors.AsType[*command.InvalidError](err); err != nil && !invalid {
		t.Error(err)
	} else if result.First > 0 {
		r.starts[result.First] = result.Last
	}
	r.told++
	return r.told
}

// check compares what was decided with a sequential run in the order of the log.
func (r *trial) check(t *testing.T, events []command.RecordedEvent) {
	t.Helper()
	h := replay(t, events, r.starts)
	for _, saw := range r.refusals {
		for stream, state := range saw {
			if state != (tally{}) && h.was[stream][state.Count] != state {
				t.Errorf("a refusal was decided on %s as %+v, and it was %+v", stream, state, h.was[stream][state.Count])
			}
		}
	}
}

// Decisions of several processes and plain commands, on the same streams and a log that fails at random, are those of a sequential run in the
// order of the log, and all come to an end.
func TestDecisionsAreThoseOfASequentialRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		odds := rapid.SampledFrom([]int{0, 5, 30}).Draw(rt, "odds")
		processes := rapid.IntRange(1, 3).Draw(rt, "processes")
		turns := rapid.Bool().Draw(rt, "turns")
		states := rapid.IntRange(1, 4).Draw(rt, "states")
		heads := rapid.IntRange(1, 6).Draw(rt, "heads")
		synctest.Test(t, func(t *testing.T) {
			memory := memlog.New()
			log := &weather{Log: memory, random: rand.New(rand.NewPCG(seed, 0)), odds: odds}
			var all []*pipeline.Pipeline
			var stores []decider.Submitter
			for range processes {
				config := committer.Config{StateStreams: states, HeadStreams: heads}
				if turns {
					config.Turns = memory.Process()
				}
				p := process(log, memory, config)
				all, stores = append(all, p), append(stores, p)
			}
			var r trial
			r.run(t, seed, stores, func(int) {})
			for _, p := range all {
				closing(t, p)
			}
			r.check(t, readAll(t, memory))
		})
	})
}

// So they are on PostgreSQL, also when the connections of all processes are cut time after time.
func TestDecisionsOnPostgresAreThoseOfASequentialRun(t *testing.T) {
	for name, every := range map[string]int{"calm": 0, "connections are cut": 15} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			proxy := pgproxy.New(t, pgtest.URL(t), 0)
			config := groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), Migrate: true, StateStreams: 3, HeadStreams: 5}
			calm := storetest.Opened(t)(groupcommit.Open(t.Context(), config))
			config.DatabaseURL = proxy.URL()
			var stores []decider.Submitter
			for range 3 {
				stores = append(stores, storetest.Opened(t)(groupcommit.Open(t.Context(), config)))
			}
			var r trial
			r.run(t, seed, stores, func(told int) {
				if every > 0 && told%every == 0 {
					proxy.Cut(pgproxy.RST)
				}
			})
			r.check(t, collect(t, calm.ReadAll(t.Context())))
		})
	}
}
