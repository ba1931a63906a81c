package cutsweep

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
)

// Sweep makes cuts in one schema, which it migrates. Any number of goroutines may call Run.
type Sweep struct {
	url, schema string
	behind      atomic.Int64 // cuts with a commit behind another

	mu       sync.Mutex // guards verdicts
	verdicts []verdict
}

// verdict is what the future of a stream's only command has said.
type verdict struct {
	cut    Cut
	stream string
	events int
	err    error
}

// The times of a run. All that comes to an end by itself does so well within the deadline.
const (
	retryFor = 900 * time.Millisecond // an attempt takes a third of it
	deadline = 30 * time.Second
)

// New prepares a sweep of the server at url.
func New(ctx context.Context, url, schema string) (*Sweep, error) {
	s := &Sweep{url: url, schema: schema}
	return s, groupcommit.Migrate(ctx, s.config(url))
}

func (s *Sweep) config(url string) groupcommit.Config {
	return groupcommit.Config{
		DatabaseURL:    url,
		Schema:         s.schema,
		BatchCommands:  1,
		InFlight:       2,
		MaxConnections: 1,
		RetryFor:       retryFor,
		LockTimeout:    retryFor / 5,
	}
}

// Run submits the batches of a cut through a proxy, and notes the verdicts. It tells whether there was such a message. An error is a future that
// has no verdict in time, or a run that was not possible.
func (s *Sweep) Run(ctx context.Context, cut Cut) (happened bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("%v: no end within %v", cut, deadline))
	defer cancel()
	proxy, err := pgproxy.Start(s.url, roundTrip)
	if err != nil {
		return false, err
	}
	defer proxy.Close()
	var sent underWay
	store, err := s.open(ctx, proxy, cut.Shape, &sent)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()

	trap := s.set(proxy, cut, &sent)
	defer trap.Remove()
	futures, streams := s.submit(ctx, store, cut.Shape)
	if cut.Gone {
		goneAfter(trap, proxy, futures)
	}
	if err := s.note(ctx, cut, futures, streams); err != nil {
		return false, err
	}
	return made(ctx, trap, cut)
}

func (s *Sweep) open(ctx context.Context, proxy *pgproxy.Proxy, shape Shape, sent *underWay) (*groupcommit.Store, error) {
	config := s.config(shape.slow(proxy.URL()))
	config.Hooks.Sending = sent.sending
	return groupcommit.Open(ctx, config)
}

// underWay is how many commits are sent and have no answer.
type underWay struct{ atomic.Int64 }

func (u *underWay) sending(context.Context, groupcommit.CommitInfo) (answered func(error)) {
	u.Add(1)
	return func(error) { u.Add(-1) }
}

// set makes the trap that cuts. It counts the cut when there is a commit behind another.
func (s *Sweep) set(proxy *pgproxy.Proxy, cut Cut, sent *underWay) *pgproxy.Trap {
	seen := 0
	return proxy.On(func(f *pgproxy.Frame) bool {
		if f.From != cut.Side {
			return false
		}
		if seen++; seen == cut.Number && sent.Load() > 1 {
			s.behind.Add(1)
		}
		return true
	}, cut.Number, pgproxy.Cut(cut.Point, cut.Ending))
}

// Behind is how many cuts were made with a commit behind another in flight.
func (s *Sweep) Behind() int { return int(s.behind.Load()) }

// made tells whether there was a message to cut at, and returns when that has happened. A message is counted before it arrives, so the one that
// brings the last verdict counts.
func made(ctx context.Context, trap *pgproxy.Trap, cut Cut) (bool, error) {
	if trap.Count() < cut.Number {
		return false, nil
	}
	select {
	case <-trap.Hit:
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// roundTrip keeps the messages of a batch apart.
const roundTrip = 4 * time.Millisecond

// slow makes each commit take its time before it is flushed, so that the second one leaves before the first has its answer. url is that of a
// proxy, which has parameters.
func (s Shape) slow(url string) string {
	if s.Batches == 1 {
		return url
	}
	return url + "&commit_delay=20000&commit_siblings=0" // microseconds
}

func (s *Sweep) submit(ctx context.Context, store *groupcommit.Store, shape Shape) (futures []*groupcommit.Future, streams []string) {
	for range shape.Batches {
		events := make([]groupcommit.Event, shape.Events)
		for i := range events {
			events[i] = groupcommit.JSON("Swept", i)
		}
		stream := uuid.NewString()
		streams = append(streams, stream)
		futures = append(futures, store.Submit(ctx, groupcommit.To(stream, groupcommit.NoStream, events...)))
	}
	return futures, streams
}

// goneAfter takes the network away when the trap is hit, unless all verdicts come without that.
func goneAfter(trap *pgproxy.Trap, proxy *pgproxy.Proxy, futures []*groupcommit.Future) {
	for _, f := range futures {
		select {
		case <-trap.Hit:
			proxy.Away(pgproxy.RST)
			proxy.Cut(pgproxy.RST)
			return
		case <-f.Done():
		}
	}
}

// note waits for the verdicts.
func (s *Sweep) note(ctx context.Context, cut Cut, futures []*groupcommit.Future, streams []string) error {
	for i, f := range futures {
		select {
		case <-f.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		_, err := f.Result()
		s.mu.Lock()
		s.verdicts = append(s.verdicts, verdict{cut, streams[i], cut.Shape.Events, err})
		s.mu.Unlock()
	}
	return nil
}

// Judge compares all verdicts so far with what is in the database now, and gives those that are not true. It reads over a connection of its own.
func (s *Sweep) Judge(ctx context.Context) (untrue []string, err error) {
	counts, err := s.counts(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.verdicts {
		if n := counts[v.stream]; !v.allows(n) {
			untrue = append(untrue, fmt.Sprintf("%v: told %v, and %d of %d events are there", v.cut, v.err, n, v.events))
		}
	}
	return untrue, nil
}

// allows tells whether a verdict may be given on a stream with n events.
func (v *verdict) allows(n int) bool {
	switch {
	case v.err == nil:
		return n == v.events
	case errors.Is(v.err, groupcommit.ErrOutcomeUnknown):
		return n == 0 || n == v.events
	case errors.Is(v.err, groupcommit.ErrNotWritten):
		return n == 0
	default:
		return false
	}
}

func (s *Sweep) counts(ctx context.Context) (map[string]int, error) {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, "SELECT stream, count(*) FROM "+s.schema+".events GROUP BY stream")
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	var stream string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&stream, &n}, func() error {
		counts[stream] = n
		return nil
	})
	return counts, err
}
