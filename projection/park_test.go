package projection_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/projection"
)

// What defers its constraints on purpose, to write a child before its parent, can do so when events are taken one by one, too.
func TestParkingLeavesConstraintsDeferred(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE TABLE %s (id bigint PRIMARY KEY)", f.table("parent"))
	f.exec(t, "CREATE TABLE %s (id bigint REFERENCES %s DEFERRABLE INITIALLY DEFERRED)", f.table("child"), f.table("parent"))
	last := f.append(t, 1, 6)
	p := projection.Projection{
		Name: "family",
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			for _, e := range events {
				for _, table := range []string{"child", "parent"} {
					if _, err := tx.Exec(ctx, "INSERT INTO "+f.table(table)+" VALUES ($1)", e.Position); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	p = unfitFor(p, 3)
	p.OnFailure = projection.Park
	f.run(t, p)
	f.waitFor(t, "family", last)
	if parked := f.parked(t, "family"); !slices.Equal(parked, []int64{3}) {
		t.Errorf("%v", parked)
	}
}

// Where a statement is wrong no event is to be blamed.
func TestWrongStatementParksNothing(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 10)
	p := tallying(f.table("nowhere"))
	p.Attempts, p.OnFailure = 2, projection.Park
	err := f.runner.Run(t.Context(), p)
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.Attempts != 2 || stopped.After != 0 {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); s.Parked != 0 || !s.Stopped {
		t.Errorf("%+v", s)
	}
}

// Where all events fail none is to be blamed.
func TestParkingStopsWhereAllEventsFail(t *testing.T) {
	f := newFixture(t)
	const before, inARow = 4, 20
	f.append(t, 1, before)
	p := tallying(f.table("tally"))
	apply := p.Apply
	p.Attempts, p.OnFailure = 1, projection.Park
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		if events[len(events)-1].Position > before {
			return errUnfit
		}
		return apply(ctx, tx, events)
	}
	stop := f.run(t, p)
	f.waitFor(t, "tally", before)
	f.append(t, 1, 2*inARow)
	eventually(t, "it stops", func() bool { return f.status(t, "tally", 0).Stopped })
	if s := f.status(t, "tally", 0); s.Parked != inARow || s.Position != before+inARow {
		t.Errorf("%+v", s)
	}
	if err := stop(); !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
}

func TestMaxParked(t *testing.T) {
	f := newFixture(t)
	f.append(t, 1, 10)
	p := unfitFor(tallying(f.table("tally")), 3, 5, 7)
	p.OnFailure, p.MaxParked = projection.Park, 2
	err := f.runner.Run(t.Context(), p)
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.After != 6 || !errors.Is(err, errUnfit) {
		t.Errorf("%v", err)
	}
	if parked := f.parked(t, "tally"); !slices.Equal(parked, []int64{3, 5}) {
		t.Errorf("%v", parked)
	}
	f.checkUpTo(t, 6, 3, 5)
}

// checkUpTo compares the tally with the log up to a position, but for some events.
func (f *fixture) checkUpTo(t *testing.T, position int64, but ...int64) {
	t.Helper()
	end, err := f.store.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for later := position + 1; later <= end.Position; later++ {
		but = append(but, later)
	}
	f.checkTally(t, f.table("tally"), but...)
}

func TestParkedInPages(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 10)
	p := unfitFor(tallying(f.table("tally")), 2, 4, 6)
	p.OnFailure = projection.Park
	f.run(t, p)
	f.waitFor(t, "tally", last)
	var seen []int64
	for after := int64(0); ; {
		page, err := f.runner.Parked(t.Context(), "tally", 0, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			seen, after = append(seen, e.Position), e.Position
		}
	}
	if !slices.Equal(seen, []int64{2, 4, 6}) {
		t.Errorf("%v", seen)
	}
}

// slowFor makes a projection take a while for each event, and for one more than there is time.
func slowFor(p projection.Projection, each time.Duration, tooSlow int64) projection.Projection {
	apply := p.Apply
	p.Timeout, p.Attempts = time.Second, 1
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		for _, e := range events {
			naps := 1
			if e.Position == tooSlow {
				naps = 10
			}
			for range naps {
				if _, err := tx.Exec(ctx, "SELECT pg_sleep($1)", each.Seconds()); err != nil {
					return err
				}
			}
		}
		return apply(ctx, tx, events)
	}
	return p
}

// A batch that takes too long, with no statement that does, has failed, although its session is lost with it.
func TestBatchThatTakesTooLongStops(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.append(t, 1, 5)
	p := slowFor(tallying(f.table("tally")), 500*time.Millisecond, 0)
	p.Attempts = 2
	err := f.runner.Run(t.Context(), p)
	if stopped, ok := errors.AsType[*projection.StoppedError](err); !ok || stopped.Attempts != 2 {
		t.Errorf("%v", err)
	}
	if s := f.status(t, "tally", 0); !s.Stopped || s.Error == "" || s.Position != 0 {
		t.Errorf("%+v", s)
	}
}

// Taken one by one each event has that time for itself.
func TestBatchThatTakesTooLongIsTakenOneByOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	last := f.append(t, 1, 5)
	p := slowFor(tallying(f.table("tally")), 500*time.Millisecond, 2)
	p.OnFailure = projection.Park
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"), 2)
	if parked := f.parked(t, "tally"); !slices.Equal(parked, []int64{2}) {
		t.Errorf("%v", parked)
	}
}

// mails is a handler that counts how often it has seen events, and may fail on some.
type mails struct {
	mu   sync.Mutex
	seen map[int64]int
	fail func(position int64) error
}

func (m *mails) handle(_ context.Context, events []groupcommit.RecordedEvent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		if err := m.fail(e.Position); err != nil {
			return err
		}
		m.seen[e.Position]++
	}
	return nil
}

// A handler goes on while a parked event of it is tried again, however long that takes.
func TestRetryOfAHandlerRunsBeside(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 5)
	m := &mails{seen: map[int64]int{}, fail: func(position int64) error {
		if position == 2 {
			return errUnfit
		}
		return nil
	}}
	h := projection.Handler{
		Name: "mails", Handle: m.handle, CheckpointEvery: time.Millisecond,
		Options: projection.Options{BatchEvents: 1, Attempts: 1, OnFailure: projection.Park},
	}
	f.run(t, h)
	f.waitFor(t, "mails", last)

	trying, gate := make(chan struct{}), make(chan struct{})
	again := h
	again.Handle = func(context.Context, []groupcommit.RecordedEvent) error {
		close(trying)
		<-gate
		return nil
	}
	type outcome struct {
		done int
		err  error
	}
	ended := make(chan outcome, 1)
	go func() { done, err := f.runner.Retry(t.Context(), again); ended <- outcome{done, err} }()
	<-trying
	f.waitFor(t, "mails", f.append(t, 1, 5))
	close(gate)
	if o := <-ended; o.done != 1 || o.err != nil {
		t.Errorf("%+v", o)
	}
	for position, n := range m.seen {
		if n != 1 {
			t.Errorf("position %d was handled %d times", position, n)
		}
	}
}

// Who asks for all of a name that nobody has run means another one.
func TestRetryOfWhatWasNeverRun(t *testing.T) {
	f := newFixture(t)
	p := tallying(f.table("tally"))
	if done, err := f.runner.Retry(t.Context(), p); done != 0 || !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("%d done, %v", done, err)
	}
	f.run(t, p)
	f.waitFor(t, "tally", f.append(t, 1, 1))
	if done, err := f.runner.Retry(t.Context(), p); done != 0 || err != nil {
		t.Errorf("%d done, %v", done, err)
	}
	if _, err := f.runner.Retry(t.Context(), nil); !errors.As(err, new(*projection.InvalidError)) {
		t.Errorf("%v", err)
	}
}

// What is no fault of the events ends it: the others would fare no better.
func TestRetryEndsWithItsContext(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 10)
	bad := unfitFor(tallying(f.table("tally")), 2, 4, 6)
	bad.OnFailure = projection.Park
	f.run(t, bad)
	f.waitFor(t, "tally", last)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	again := tallying(f.table("tally"))
	again.Apply = func(context.Context, pgx.Tx, []groupcommit.RecordedEvent) error {
		calls++
		cancel()
		return ctx.Err()
	}
	done, err := f.runner.Retry(ctx, again)
	if joined, ok := err.(interface{ Unwrap() []error }); done != 0 || calls != 1 || !ok || len(joined.Unwrap()) != 1 {
		t.Errorf("%d done in %d calls, %v", done, calls, err)
	}
	if parked := f.parked(t, "tally"); !slices.Equal(parked, []int64{2, 4, 6}) {
		t.Errorf("%v", parked)
	}
}

// Once somebody else has got over it, what has failed before is another matter.
func TestFailuresElsewhereDoNotCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.append(t, 1, 5)
	end, err := f.store.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := tallying(f.table("tally"))
	apply, calls := p.Apply, 0
	late, moved := make(chan uint32), make(chan struct{})
	p.Timeout, p.Attempts = time.Second, 2
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		switch calls++; calls {
		case 1:
			<-ctx.Done()
			late <- tx.Conn().PgConn().PID()
			<-moved
			return ctx.Err()
		case 2:
			return errUnfit
		}
		return apply(ctx, tx, events)
	}
	f.run(t, p)
	f.exec(t, "SELECT pg_terminate_backend(%d, 10000)", <-late)
	f.exec(t, "UPDATE %s SET position = %d, commit_id = '%s'", f.table("projections"), end.Position, end.CommitID)
	f.append(t, 1, 1)
	close(moved)
	f.waitFor(t, "tally", end.Position+1)
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

// A connection that is lost within Apply is no fault of an event, whatever Apply makes of it.
func TestLostConnectionIsNoFault(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 1, 1)
	p := tallying(f.table("tally"))
	apply, calls := p.Apply, 0
	p.Attempts, p.OnFailure = 1, projection.Park
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		if calls++; calls == 1 {
			if err := tx.Conn().PgConn().Conn().Close(); err != nil {
				return err
			}
			if err := apply(ctx, tx, events); err != nil {
				return errUnfit
			}
		}
		return apply(ctx, tx, events)
	}
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"))
}
