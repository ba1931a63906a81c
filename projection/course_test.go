package projection_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
)

// Two runners of one name are started with any batch size, stopped, killed and cut off at random, while events come that always fail, and batches that
// fail once. At every moment the read model is what a replay from the start of the log to the checkpoint gives, without the events that are parked.
func TestCourseEqualsReplay(t *testing.T) {
	pgtest.FewerChecks(t, 10)
	f := newFixture(t)
	seats := []*seat{newSeat(t, f, 0), newSeat(t, f, 1)}
	courses := 0
	rapid.Check(t, func(rt *rapid.T) {
		courses++
		c := &course{fixture: f, t: t, seats: seats, name: fmt.Sprint("course-", courses), table: f.table(fmt.Sprint("course_", courses))}
		f.exec(t, "CREATE TABLE %s (stream text PRIMARY KEY, digest text NOT NULL)", c.table)
		if rapid.Bool().Draw(rt, "of types") {
			c.types = []string{"Fit", "Unfit"}
		}
		defer c.stopAll(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"append": c.append,
			"start":  c.start,
			"stop":   c.stop,
			"kill":   c.kill,
			"cut":    c.cut,
			"fail":   c.fail,
			"await":  c.await,
			"":       c.compare,
		})
		c.judge(rt)
	})
}

// course is what happens to one projection. It has streams of its own in the log.
type course struct {
	*fixture
	t           *testing.T
	seats       []*seat
	name, table string
	types       []string // that it is about; none: all
	log         []logged // what was appended for it
	fault       atomic.Pointer[fault]
}

// logged is an event of the log as the model has it.
type logged struct {
	position     int64
	stream, kind string
}

// seat is a process, as far as the database can tell: a runner with connections of its own.
type seat struct {
	application string
	proxy       *pgproxy.Proxy
	runner      *projection.Runner
	trap        *pgproxy.Trap // nil: none is set
	stop        func() error  // nil: it does not run
}

func newSeat(t *testing.T, f *fixture, number int) *seat {
	s := &seat{application: fmt.Sprint("seat-", number), proxy: pgproxy.New(t, f.URL, 0)}
	pool, err := pgxpool.New(t.Context(), s.proxy.URL()+"&application_name="+s.application)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if s.runner, err = projection.NewRunner(t.Context(), f.store, projection.Config{Pool: pool, Schema: f.Schema}); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a projection until it is stopped.
func (s *seat) run(ctx context.Context, p projection.Projection) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.runner.Run(ctx, p) }()
	s.stop = func() error { cancel(); return <-ended }
}

// heal takes back what was to break and has not.
func (s *seat) heal() {
	if s.trap != nil {
		s.trap.Remove()
	}
}

// some is a seat that runs, or one that does not.
func (c *course) some(rt *rapid.T, running bool) *seat {
	var some []*seat
	for _, s := range c.seats {
		if (s.stop != nil) == running {
			some = append(some, s)
		}
	}
	if len(some) == 0 {
		rt.Skip("there is none")
	}
	return some[rapid.IntRange(0, len(some)-1).Draw(rt, "seat")]
}

func (c *course) append(rt *rapid.T) {
	var futures []*groupcommit.Future
	var added []logged
	for range rapid.IntRange(1, 30).Draw(rt, "events") {
		e := logged{
			stream: fmt.Sprintf("%s/%d", c.name, rapid.IntRange(0, 3).Draw(rt, "stream")),
			kind:   rapid.SampledFrom([]string{"Fit", "Fit", "Fit", "Fit", "Other", "Unfit"}).Draw(rt, "type"),
		}
		added = append(added, e)
		futures = append(futures, c.store.Submit(c.t.Context(), groupcommit.To(e.stream, groupcommit.Any, groupcommit.JSON(e.kind, nil))))
	}
	results, err := groupcommit.WaitAll(c.t.Context(), futures...)
	if err != nil {
		rt.Fatal(err)
	}
	for i := range added {
		added[i].position = results[i].First
	}
	c.log = append(c.log, added...)
}

func (c *course) start(rt *rapid.T) {
	c.some(rt, false).run(c.t.Context(), c.projection(rapid.SampledFrom([]int{1, 2, 7, 1000}).Draw(rt, "batch"), rapid.IntRange(1, 2).Draw(rt, "attempts")))
}

func (c *course) stop(rt *rapid.T) {
	s := c.some(rt, true)
	if err := s.stop(); err != nil {
		rt.Fatal(err)
	}
	s.stop = nil
}

// kill ends all sessions of a seat.
func (c *course) kill(rt *rapid.T) {
	c.exec(c.t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s'", c.some(rt, true).application)
}

// cut lets the network of a seat break at a message that is still to come.
func (c *course) cut(rt *rapid.T) {
	s := c.some(rt, true)
	s.heal()
	s.trap = cut{
		from:   rapid.SampledFrom(sides).Draw(rt, "from"),
		at:     rapid.SampledFrom(points).Draw(rt, "at"),
		ending: rapid.SampledFrom(endings[:2]).Draw(rt, "ending"), // the third takes the server's time limits to get over
		number: rapid.IntRange(1, 60).Draw(rt, "message"),
	}.set(s.proxy)
}

// fault is what goes wrong with a batch, once, when it was written.
type fault func(ctx context.Context, tx pgx.Tx) error

var faults = map[string]fault{
	"fails":      func(context.Context, pgx.Tx) error { return errUnfit },
	"is not now": func(context.Context, pgx.Tx) error { return projection.Transient(errUnfit) },
	"panics":     func(context.Context, pgx.Tx) error { panic(errUnfit) },
	"loses touch": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
		return err
	},
}

func (c *course) fail(rt *rapid.T) {
	next := faults[rapid.SampledFrom(slices.Sorted(maps.Keys(faults))).Draw(rt, "fault")]
	c.fault.Store(&next)
}

// await returns when what was appended so far has been taken in, if anybody is there to do so.
func (c *course) await(rt *rapid.T) {
	c.some(rt, true)
	c.reach(rt)
}

func (c *course) reach(rt *rapid.T) {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	if len(c.log) == 0 {
		return
	}
	if err := c.runner.WaitFor(ctx, c.name, c.log[len(c.log)-1].position); err != nil {
		rt.Fatal(err)
	}
}

// projection keeps a digest of the positions for each stream, which tells of every other order, too.
func (c *course) projection(batch, attempts int) projection.Projection {
	upsert := fmt.Sprintf(`
INSERT INTO %s AS t VALUES ($1, md5($2)) ON CONFLICT (stream) DO UPDATE SET digest = md5(t.digest || $2)`, c.table)
	return projection.Projection{
		Name: c.name,
		Options: projection.Options{
			Types: c.types, StreamPrefix: c.name + "/", BatchEvents: batch, Attempts: attempts, OnFailure: projection.Park,
		},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			var writes pgx.Batch
			for _, e := range events {
				writes.Queue(upsert, e.Stream, strconv.FormatInt(e.Position, 10))
			}
			if err := tx.SendBatch(ctx, &writes).Close(); err != nil {
				return err
			}
			if slices.ContainsFunc(events, func(e groupcommit.RecordedEvent) bool { return e.Type == "Unfit" }) {
				return errUnfit
			}
			if len(events) == 1 { // which would be parked for it
				return nil
			}
			if fault := c.fault.Swap(nil); fault != nil {
				return (*fault)(ctx, tx)
			}
			return nil
		},
	}
}

// wanted tells whether the projection is about an event.
func (c *course) wanted(e *logged) bool { return c.types == nil || slices.Contains(c.types, e.kind) }

// compare looks at checkpoint and read model at one moment.
func (c *course) compare(rt *rapid.T) {
	var position int64
	var got map[string]string
	const query = "SELECT position, (SELECT coalesce(jsonb_object_agg(stream, digest), '{}') FROM %s) FROM %s.projections WHERE name = $1"
	err := c.pool.QueryRow(c.t.Context(), fmt.Sprintf(query, c.table, c.Schema), c.name).Scan(&position, &got)
	if errors.Is(err, pgx.ErrNoRows) {
		return // it has not begun
	}
	if err != nil {
		rt.Fatal(err)
	}
	if want := c.replay(position); !maps.Equal(got, want) {
		rt.Fatalf("at position %d of %v the read model is %v, want %v", position, c.log, got, want)
	}
}

// replay is the read model as it has to be at a position.
func (c *course) replay(position int64) map[string]string {
	model := map[string]string{}
	for i := range c.log {
		if e := &c.log[i]; e.position <= position && e.kind != "Unfit" && c.wanted(e) {
			sum := md5.Sum([]byte(model[e.stream] + strconv.FormatInt(e.position, 10)))
			model[e.stream] = hex.EncodeToString(sum[:])
		}
	}
	return model
}

// judge lets one more runner come to the end, and looks at what is parked.
func (c *course) judge(rt *rapid.T) {
	c.stopAll(rt)
	c.seats[0].run(c.t.Context(), c.projection(10, 1))
	c.reach(rt)
	c.compare(rt)
	var want, got []int64
	for i := range c.log {
		if e := &c.log[i]; e.kind == "Unfit" && c.wanted(e) {
			want = append(want, e.position)
		}
	}
	parked, err := c.runner.Parked(c.t.Context(), c.name, 0, 0, 10_000)
	for _, p := range parked {
		got = append(got, p.Position)
		if !strings.Contains(p.Error, errUnfit.Error()) {
			rt.Errorf("parked because of %s", p.Error)
		}
	}
	if err != nil || !slices.Equal(got, want) {
		rt.Errorf("parked are %v, want %v, %v", got, want, err)
	}
}

func (c *course) stopAll(rt *rapid.T) {
	for _, s := range c.seats {
		s.heal()
		if s.stop == nil {
			continue
		}
		if err := s.stop(); err != nil {
			rt.Error(err)
		}
		s.stop = nil
	}
}
