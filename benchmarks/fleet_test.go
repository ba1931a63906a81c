package benchmarks

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// patience is how much longer than its shift a member may take to answer: more than a store tries a batch again.
const patience = time.Minute

// fleet is some processes on one store, and what they have been measured at.
type fleet struct {
	schema       string
	members      []*worker.Process
	warmUp, time time.Duration // of a turn
	measured
}

type measured struct {
	shares         []float64 // in each turn, that of the process with the smallest
	commits, moved int64
	latencies      []time.Duration
}

// startFleet starts n processes on a new schema, each with the streams and clients that the assignment says. They end with tb.
func startFleet(tb testing.TB, n int, a assignment) *fleet {
	tb.Helper()
	a.URL, a.Schema = pgtest.URL(tb), pgtest.Schema(tb)
	requireDurability(tb, pgtest.Conn(tb))
	if err := groupcommit.Migrate(tb.Context(), groupcommit.Config{DatabaseURL: a.URL, Schema: a.Schema}); err != nil {
		tb.Fatal(err)
	}
	f := &fleet{schema: a.Schema}
	for range n {
		f.members = append(f.members, startWorker(tb, memberTask, a))
	}
	vacuum(tb, pgtest.Conn(tb), a.Schema)
	return f
}

// startWorker starts a process with a store of its own, and returns when it is ready. It ends with tb.
func startWorker(tb testing.TB, task string, a assignment) *worker.Process {
	tb.Helper()
	m, err := worker.Start(task)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := m.Send(a); err != nil {
		tb.Fatal(err)
	}
	var ready bool
	receive(tb, m, patience, &ready)
	return m
}

// receive fails tb when the member has failed, or does not answer.
func receive(tb testing.TB, m *worker.Process, within time.Duration, value any) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), within)
	defer cancel()
	if err := m.Receive(ctx, value); err != nil {
		tb.Fatal(err)
	}
}

// shift has all members work at the same time. It is the same stretch of time that all of them measure.
func (f *fleet) shift(tb testing.TB) []result {
	tb.Helper()
	from := time.Now().Add(f.warmUp)
	for _, m := range f.members {
		if err := m.Send(shift{From: from, To: from.Add(f.time)}); err != nil {
			tb.Fatal(err)
		}
	}
	results := make([]result, len(f.members))
	for i, m := range f.members {
		receive(tb, m, f.warmUp+f.time+patience, &results[i])
	}
	return results
}

// turn gives the commands/s of all together.
func (f *fleet) turn(b *testing.B) (rate float64) {
	smallest := math.Inf(1)
	for _, r := range f.shift(b) {
		rate += r.Rate
		smallest = min(smallest, r.Rate)
		f.commits += r.Commits
		f.moved += r.Moved
		f.latencies = append(f.latencies, r.Latencies...)
	}
	f.shares = append(f.shares, smallest/max(rate, 1)) // all of them may have got nothing
	return rate
}

func (f *fleet) forget() { f.measured = measured{} }

func (f *fleet) contestant() *contestant { return &contestant{turn: f.turn, forget: f.forget} }

// report reports moved/commit and percentiles.
func (f *fleet) report(b *testing.B, percentiles ...int) {
	b.ReportMetric(float64(f.moved)/float64(max(f.commits, 1)), "moved/commit")
	slices.Sort(f.latencies)
	reportPercentiles(b, "", f.latencies, percentiles...)
}

// TestFleet shows that all members write to one store, and nothing that is not there is counted.
func TestFleet(t *testing.T) {
	const members, streams, clients = 2, 40, 8
	for name, perSecond := range map[string]float64{"closed": 0, "open": 500} {
		t.Run(name, func(t *testing.T) {
			f := startFleet(t, members, assignment{Streams: streams, Clients: clients, PerSecond: perSecond})
			f.time = 500 * time.Millisecond
			measured := 0
			for i, result := range f.shift(t) {
				n := len(result.Latencies)
				if n == 0 || result.Latencies[0] <= 0 || result.Latencies[0] > result.Latencies[n-1] {
					t.Errorf("member %d: %+v", i, result)
				}
				measured += n
			}
			var events int
			if err := pgtest.Conn(t).QueryRow(t.Context(), "SELECT count(*) FROM "+f.schema+".events").Scan(&events); err != nil {
				t.Fatal(err)
			}
			if events < members*streams+measured {
				t.Errorf("%d streams and %d answers, %d events", members*streams, measured, events)
			}
		})
	}
}

func TestMemberThatFailsSaysWhy(t *testing.T) {
	m, err := worker.Start(memberTask)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(assignment{URL: pgtest.URL(t), Schema: pgtest.Schema(t)}); err != nil {
		t.Fatal(err)
	}
	var ready bool
	if err := m.Receive(t.Context(), &ready); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("on a schema that is not there: %v", err)
	}
	if err := m.Close(); err == nil {
		t.Error("it ended as if nothing was wrong")
	}
}
