package groupcommit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// crowdConfigs differ in how batches follow one another: as by default, one at a time, and many small ones at once with next to nothing
// remembered.
var crowdConfigs = []groupcommit.Config{
	{},
	{InFlight: 1},
	{InFlight: 4, BatchCommands: 50, HeadStreams: 2},
}

// Ten thousand commands at once on few streams. The oracle, which replays the log one command at a time, explains each verdict.
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

// Two processes write to the same streams. Which of them wrote what makes no difference to the oracle.
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

// crowd submits random commands and notes what became of them. mu guards history and repeatable.
type crowd struct {
	ctx      context.Context
	end      func() int64 // position at which the log ends, or ended a moment ago
	seed     uint64
	clock    atomic.Int64
	believed [5]atomic.Int64 // versions of the streams as last heard of
	wg       sync.WaitGroup

	mu         sync.Mutex
	history    oracle.History
	repeatable []sent // commands that may be submitted again
}

// sent is a command by its number.
type sent struct {
	number  int
	command groupcommit.Command
}

// submitter is a store, or what is inside of one.
type submitter interface {
	Submit(context.Context, groupcommit.Command) *groupcommit.Future
}

// reporter is what tests and checks of rapid have in common.
type reporter interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

func newCrowd(t *testing.T, end func() int64) *crowd {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &crowd{ctx: t.Context(), end: end, seed: seed}
}

// now is later than all that has returned before.
func (c *crowd) now() int64 { return c.clock.Add(1) }

func (c *crowd) look() oracle.Look {
	began := c.now()
	end := c.end()
	return oracle.Look{Began: began, Ended: c.now(), End: end}
}

// append submits some commands, the first of which has this number, and then waits for all.
func (c *crowd) append(t reporter, store submitter, first, count int) {
	commands := make([]sent, count)
	for i := range commands {
		commands[i] = sent{first + i, c.command(first + i)}
	}
	c.submit(t, store, first, commands)
}

// submit submits commands and then waits for all. The call has a number of its own.
func (c *crowd) submit(t reporter, store submitter, call int, commands []sent) {
	attempts := make([]oracle.Attempt, len(commands))
	futures := make([]*groupcommit.Future, len(commands))
	var looks []oracle.Look
	for i := range attempts {
		n := &commands[i]
		looks = append(looks, c.look())
		attempts[i] = oracle.Attempt{
			Command: uint64(n.number), Submitter: call, Order: i, Streams: oracle.Streams(&n.command), Submitted: c.now(),
		}
		futures[i] = store.Submit(c.ctx, n.command)
	}
	for i := range attempts {
		a := &attempts[i]
		var err error
		var ok bool
		a.Result, err = futures[i].Wait(c.ctx)
		a.Told = c.now()
		if a.Verdict, a.Conflict, ok = oracle.VerdictOf(err); !ok || a.Verdict != oracle.Succeeded && a.Verdict != oracle.Conflicted {
			t.Errorf("command %d: %v", a.Command, err)
		}
		looks = append(looks, c.look())
		c.learn(&a.Result)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history.Attempts = append(c.history.Attempts, attempts...)
	c.history.Looks = append(c.history.Looks, looks...)
	for _, n := range commands {
		if n.command.ID != uuid.Nil {
			c.repeatable = append(c.repeatable, n)
		}
	}
}

// command makes a command over one to three streams, of which one at least is written.
func (c *crowd) command(number int) (cmd groupcommit.Command) {
	random := rand.New(rand.NewPCG(c.seed, uint64(number)))
	index := 0
	for i, n := range random.Perm(len(c.believed))[:1+random.IntN(3)] {
		s := groupcommit.StreamWrite{Stream: streamName(n), Expect: c.expectation(random, n)}
		if i == 0 || random.IntN(2) == 0 {
			for range 1 + random.IntN(2) {
				s.Events = append(s.Events, groupcommit.JSON("Happened", origin{number, index}))
				index++
			}
		}
		cmd.Streams = append(cmd.Streams, s)
	}
	if random.IntN(4) == 0 {
		cmd = identified(cmd)
	}
	return cmd
}

// origin is the data of an event: the number of its command, and its own among the events of that.
type origin struct{ Command, Index int }

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

func (c *crowd) learn(r *groupcommit.Result) {
	for n := range c.believed {
		if v := r.Version(streamName(n)); v > 0 {
			c.believed[n].Store(v)
		}
	}
}

// explain has the oracle compare what was told with the log.
func (c *crowd) explain(t *testing.T, log []groupcommit.RecordedEvent) {
	t.Helper()
	verdicts := map[oracle.Verdict]int{}
	for i := range c.history.Attempts {
		verdicts[c.history.Attempts[i].Verdict]++
	}
	t.Logf("%d commands succeeded, %d conflicted", verdicts[oracle.Succeeded], verdicts[oracle.Conflicted])
	if few := len(c.history.Attempts) / 20; verdicts[oracle.Succeeded] < few || verdicts[oracle.Conflicted] < few {
		t.Error("too few of a kind to mean anything")
	}
	c.judge(t, log)
}

func (c *crowd) judge(t reporter, log []groupcommit.RecordedEvent) {
	t.Helper()
	for _, finding := range oracle.New().Judge(c.history, forOracle(t, log)) {
		t.Error(finding)
	}
}

func forOracle(t reporter, log []groupcommit.RecordedEvent) []oracle.Event {
	t.Helper()
	events := make([]oracle.Event, len(log))
	for i := range log {
		e := &log[i]
		var from origin
		if err := json.Unmarshal(e.Data, &from); err != nil {
			t.Fatal(err)
		}
		events[i] = oracle.Event{
			Position: e.Position, Stream: e.Stream, Version: e.Version, At: e.RecordedAt.UnixMicro(),
			Command: uint64(from.Command), Index: from.Index,
		}
	}
	return events
}
