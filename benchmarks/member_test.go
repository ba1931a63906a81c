package benchmarks

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// memberTask is what a member of a fleet does.
const memberTask = "member"

// assignment is the first that a member is told. It answers with true when it is ready, and from then on each shift with a result.
type assignment struct {
	URL, Schema string
	Streams     int // of its own
	Clients     int
	PerSecond   float64 // commands, in an open loop; 0: a closed loop
}

// shift is the time that is measured. Work begins before, as soon as a member is told, and ends with it.
type shift struct{ From, To time.Time }

// result is what came of a shift.
type result struct {
	Rate           float64 // commands answered per second
	Commits, Moved int64
	Latencies      []time.Duration // of all commands that were under way during the shift
}

// member is a process with a store of its own on a schema that it shares with others.
type member struct {
	assignment
	store   *store
	clients []*client
}

// runMember is the worker's side of a fleet.
func runMember(ctx context.Context, link *worker.Link) (err error) {
	m := &member{store: &store{commits: &commitMeter{}}}
	if err := link.Receive(&m.assignment); err != nil {
		return err
	}
	config := groupcommit.Config{DatabaseURL: m.URL, Schema: m.Schema, Hooks: m.store.commits.hooks()}
	if m.store.Store, err = groupcommit.Open(ctx, config); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.store.Close(context.WithoutCancel(ctx))) }()
	if err := m.store.adopt(ctx, history{}, m.Streams); err != nil {
		return err
	}
	if m.clients, err = m.store.dealClients(m.Clients, m.store.append); err != nil {
		return err
	}
	if err := link.Send(true); err != nil {
		return err
	}
	return m.shifts(ctx, link)
}

// shifts works until there are no more.
func (m *member) shifts(ctx context.Context, link *worker.Link) error {
	for {
		var s shift
		if err := link.Receive(&s); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		r, err := m.work(ctx, s)
		if err != nil {
			return err
		}
		if err := link.Send(r); err != nil {
			return err
		}
	}
}

func (m *member) work(ctx context.Context, s shift) (*result, error) {
	l := m.start(ctx)
	l.pause(time.Until(s.From))
	m.store.commits.reset()
	r := &result{Rate: l.rate(time.Until(s.To))}
	r.Commits, r.Moved = m.store.commits.commits.Load(), m.store.commits.moved.Load()
	if err := l.end(); err != nil {
		return nil, err
	}
	r.Latencies = latencies(m.clients)
	forgetLatencies(m.clients)
	return r, nil
}

func (m *member) start(ctx context.Context) *load {
	if m.PerSecond > 0 {
		return startOpenLoop(ctx, m.clients, m.PerSecond)
	}
	return startLoad(ctx, m.clients)
}
