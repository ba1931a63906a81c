package groupcommit_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// crowdConfigs differ in how batches follow one another: as by default, one at a time, and many small ones at once with next to nothing
// remembered.
var crowdConfigs = []groupcommit.Config{
	{},
	{InFlight: 1},
	{InFlight: 4, BatchCommands: 50, HeadStreams: 2},
}

// Ten thousand commands at once on few streams. A sequential model that replays the log explains each verdict.
func TestVerdictsAreExplainedByTheLog(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for _, config := range crowdConfigs {
			var written atomic.Int64
			config.Hooks = groupcommit.Hooks{
				Committed: func(c groupcommit.CommitInfo) { written.Add(int64(c.Events)) },
				Failed: func(class groupcommit.FailureClass, err error) {
					t.Errorf("%v, with nobody in the way: %v", class, err)
				},
			}
			store := open(t, config)
			crowd := newCrowd(t, written.Load)
			for client := range 1000 {
				crowd.wg.Go(func() { crowd.append(t, store, client*10, 10) })
			}
			crowd.wg.Wait()
			crowd.explain(t, readAll(t, store))
		}
	})
}

// Two processes write to the same streams. Which of them wrote what makes no difference to the model.
func TestVerdictsOfTwoStoresAreExplainedByTheLog(t *testing.T) {
	for _, config := range crowdConfigs {
		config.Schema = pgtest.Schema(t)
		stores := []*groupcommit.Store{openPostgres(t, config), openPostgres(t, config)}
		crowd := newCrowd(t, endOf(t, config.Schema))
		for client := range 40 {
			crowd.wg.Go(func() {
				for i := range 10 {
					crowd.append(t, stores[client%len(stores)], (client*10+i)*5, 5)
				}
			})
		}
		crowd.wg.Wait()
		crowd.explain(t, readAll(t, stores[0]))
	}
}

// crowd submits random commands and notes what became of them. mu guards attempts.
type crowd struct {
	end      func() int64 // position at which the log ends, or ended a moment ago
	seed     uint64
	believed [5]atomic.Int64 // versions of the streams as last heard of
	wg       sync.WaitGroup

	mu       sync.Mutex
	attempts []attempt
}

// attempt is a command, its verdict, and where the log ended when it was submitted and when the verdict was there.
type attempt struct {
	cmd           groupcommit.Command
	number        int
	before, after int64
	result        groupcommit.Result
	err           error
}

func newCrowd(t *testing.T, end func() int64) *crowd {
	c := &crowd{end: end, seed: rand.Uint64()}
	t.Logf("seed %d", c.seed)
	return c
}

// append submits some commands, the first of which has this number, and then waits for all.
func (c *crowd) append(t *testing.T, store *groupcommit.Store, first, count int) {
	attempts := make([]attempt, count)
	futures := make([]*groupcommit.Future, count)
	for i := range attempts {
		attempts[i] = attempt{cmd: c.command(first + i), number: first + i, before: c.end()}
		futures[i] = store.Submit(t.Context(), attempts[i].cmd)
	}
	last := int64(0)
	for i := range attempts {
		a := &attempts[i]
		a.result, a.err = futures[i].Wait(t.Context())
		a.after = c.end()
		c.learn(a)
		if a.err == nil && a.result.First <= last {
			t.Errorf("command %d, at position %d, has overtaken one of the same goroutine at %d", a.number, a.result.First, last)
		}
		last = max(last, a.result.Last)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts = append(c.attempts, attempts...)
}

// command makes a command over one to three streams, of which one at least is written.
func (c *crowd) command(number int) (cmd groupcommit.Command) {
	random := rand.New(rand.NewPCG(c.seed, uint64(number)))
	for i, n := range random.Perm(len(c.believed))[:1+random.IntN(3)] {
		s := groupcommit.StreamWrite{Stream: streamName(n), Expect: c.expectation(random, n)}
		if i == 0 || random.IntN(2) == 0 {
			s.Events = slices.Repeat([]groupcommit.Event{happened(number)}, 1+random.IntN(2))
		}
		cmd.Streams = append(cmd.Streams, s)
	}
	if random.IntN(4) == 0 {
		slices.Reverse(cmd.Streams)
	}
	if random.IntN(4) == 0 {
		cmd = identified(cmd)
	}
	return cmd
}

func streamName(n int) string { return fmt.Sprint("stream-", n) }

func (c *crowd) expectation(random *rand.Rand, n int) groupcommit.Expect {
	switch random.IntN(10) {
	case 0:
		return groupcommit.NoStream
	case 1:
		return groupcommit.StreamExists
	case 2, 3, 4, 5, 6:
		return groupcommit.Any
	default:
		return groupcommit.Exact(max(c.believed[n].Load()+random.Int64N(3)-1, 0))
	}
}

func (c *crowd) learn(a *attempt) {
	for n := range c.believed {
		if v := a.result.Version(streamName(n)); v > 0 {
			c.believed[n].Store(v)
		}
	}
}

// explain replays the log and compares.
func (c *crowd) explain(t *testing.T, events []groupcommit.RecordedEvent) {
	t.Helper()
	model := newModel(events)
	var conflicts, successes []*attempt
	for i := range c.attempts {
		a := &c.attempts[i]
		if a.err == nil {
			successes = append(successes, a)
		} else if _, ok := errors.AsType[*groupcommit.ConflictError](a.err); ok {
			conflicts = append(conflicts, a)
		} else {
			t.Errorf("command %d: %v", a.number, a.err)
		}
	}
	t.Logf("%d commands succeeded, %d conflicted", len(successes), len(conflicts))
	if few := len(c.attempts) / 20; len(successes) < few || len(conflicts) < few {
		t.Error("too few of a kind to mean anything")
	}
	slices.SortFunc(successes, func(a, b *attempt) int { return int(a.result.First - b.result.First) })
	for _, a := range successes {
		if err := model.succeed(a); err != nil {
			t.Fatalf("command %d, %+v: %v", a.number, a.cmd.Streams, err)
		}
	}
	if model.end() != int64(len(events)) {
		t.Errorf("the log ends at %d, and the commands at %d", len(events), model.end())
	}
	for _, a := range conflicts {
		if err := model.conflict(a); err != nil {
			t.Errorf("command %d, %+v: %v", a.number, a.cmd.Streams, err)
		}
	}
}

// model is a log to which commands are appended one at a time.
type model struct {
	events    []groupcommit.RecordedEvent
	positions map[string][]int64 // of the events of a stream
	ends      []int64            // where the log ended after each command
}

func newModel(events []groupcommit.RecordedEvent) *model {
	m := &model{events: events, positions: make(map[string][]int64), ends: []int64{0}}
	for _, e := range events {
		m.positions[e.Stream] = append(m.positions[e.Stream], e.Position)
	}
	return m
}

func (m *model) end() int64 { return m.ends[len(m.ends)-1] }

// version of a stream when the log ended at a position.
func (m *model) version(stream string, position int64) int64 {
	positions := m.positions[stream]
	return int64(sort.Search(len(positions), func(i int) bool { return positions[i] > position }))
}

// judge gives the conflict of a command at a position, or nil.
func (m *model) judge(cmd *groupcommit.Command, position int64) *groupcommit.ConflictError {
	for _, s := range cmd.Streams {
		if v := m.version(s.Stream, position); !s.Expect.Holds(v) {
			return &groupcommit.ConflictError{Stream: s.Stream, Expected: s.Expect, Actual: v}
		}
	}
	return nil
}

// succeed appends the next command of the log.
func (m *model) succeed(a *attempt) error {
	r, end := &a.result, m.end()
	switch {
	case r.First != end+1 || r.Last != end+int64(a.cmd.Events()) || r.Last > int64(len(m.events)):
		return fmt.Errorf("positions %d to %d where the log ends at %d", r.First, r.Last, end)
	case r.First <= a.before || r.Last > a.after:
		return fmt.Errorf("positions %d to %d while the log grew from %d to %d", r.First, r.Last, a.before, a.after)
	case r.Duplicate || len(r.Versions) != len(a.cmd.Streams):
		return fmt.Errorf("result %+v", r)
	}
	if conflict := m.judge(&a.cmd, end); conflict != nil {
		return fmt.Errorf("at position %d: %w", end, conflict)
	}
	position := end
	for i, s := range a.cmd.Streams {
		version := m.version(s.Stream, end)
		for _, want := range s.Events {
			got := &m.events[position]
			position++
			version++
			if got.Position != position || got.Stream != s.Stream || got.Version != version || string(got.Data) != string(want.Data) ||
				got.RecordedAt != r.CommittedAt {
				return fmt.Errorf("recorded %+v, want event %s as version %d of %s at position %d", got, want.Data, version, s.Stream, position)
			}
		}
		if want := (groupcommit.StreamVersion{Stream: s.Stream, Version: version}); r.Versions[i] != want {
			return fmt.Errorf("told %v, want %v", r.Versions[i], want)
		}
	}
	m.ends = append(m.ends, position)
	return nil
}

// conflict looks for a place in the log, as it grew while the command was under way, at which the command has this very conflict.
func (m *model) conflict(a *attempt) error {
	told, _ := errors.AsType[*groupcommit.ConflictError](a.err)
	for i := sort.Search(len(m.ends), func(i int) bool { return m.ends[i] >= a.before && m.version(told.Stream, m.ends[i]) >= told.Actual }); i < len(m.ends); i++ {
		at := m.ends[i]
		if at > a.after || m.version(told.Stream, at) > told.Actual {
			break
		}
		if conflict := m.judge(&a.cmd, at); conflict != nil && *conflict == *told {
			return nil
		}
	}
	return fmt.Errorf("nowhere between positions %d and %d: %w", a.before, a.after, told)
}
