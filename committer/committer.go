package committer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Config of a Committer. A zero field has its default.
type Config struct {
	// InFlight is how many commits may be under way at a time. Defaults to 3.
	InFlight int
	// HeadStreams is how many streams' versions are cached. Defaults to 100,000.
	HeadStreams int
	// RetryFor is how long after a first failure a batch is tried again before it is given up. Defaults to 30 s.
	RetryFor time.Duration
	// AttemptTimeout bounds each call of the log, and how long Read may take to its next event. Defaults to a third of RetryFor.
	AttemptTimeout time.Duration
	// AcceptLostCommits goes on with the log as it is when it has lost commits that had succeeded, instead of stopping.
	AcceptLostCommits bool
	// Read reads the committed events of a stream whose version is greater than after, in order and as they were submitted. It is called by any goroutine.
	// Only decisions need it. An error that wraps command.ErrUnavailable is tried again for RetryFor.
	Read func(ctx context.Context, stream string, after int64) iter.Seq2[command.RecordedEvent, error]
	// Upcast makes of an event as it was submitted what it is now, for decisions to be folded: any goroutine calls it. It may write to the bytes of the event.
	// Nil: nothing is changed.
	Upcast func(command.RecordedEvent) (command.RecordedEvent, error)
	// Snapshots keeps states beside the log, for folders that ask for it. Nil: none are kept. It needs Close.
	Snapshots SnapshotStore
	// Limits bound what a decision may append.
	Limits command.Limits
	// CommitBytes is how much decisions may append in one commit; those behind go into the next. Defaults to 8 MiB. What commands carry with them was
	// counted when the batch was made.
	CommitBytes int
	// StateStreams is of how many streams the states are cached for decisions. Defaults to 1,000.
	StateStreams int
	// StateBytes is how much memory cached states may take, by what their folders say. Defaults to 64 MiB.
	StateBytes int
	// DecideLimit is how long a decision, or the folding of an event, may take before it is logged. Defaults to 100 ms.
	DecideLimit time.Duration
	// Logger is told what a person may have to know. Defaults to discarding.
	Logger *slog.Logger
	// Turns is set where other processes append to the log, too.
	Turns Turns
	Hooks Hooks
	// Trace is Hooks.Sending that also hears whose commands the commit carries: those that write events in it. Defaults to none.
	Trace func(ctx context.Context, commit CommitInfo, carried []Receiver) (answered func(error))
}

// Committer appends batches to a log. It has no goroutines of its own but one for each commit in flight, one for the turn, and one while there are
// snapshots to save: one goroutine of its owner, its loop, calls all methods, and hears from those through Answers.
type Committer struct {
	log       Log
	config    Config
	heads     *heads
	outage    outage
	permanent reticence // of batches that nobody tries again
	losses    reticence // of commits, where they are accepted
	stopped   error     // why nothing is written any more
	turn      turn
	states    *states
	snapshots snapshots
	watch     watch
	running   sync.WaitGroup // goroutines that answer
	aside
	chain
}

// New makes a committer for a log. With Turns it has to be closed.
func New(log Log, config Config) *Committer {
	config.InFlight = cmp.Or(config.InFlight, 3)
	config.HeadStreams = cmp.Or(config.HeadStreams, 100_000)
	config.RetryFor = cmp.Or(config.RetryFor, 30*time.Second)
	config.AttemptTimeout = cmp.Or(config.AttemptTimeout, config.RetryFor/3)
	config.Limits = config.Limits.WithDefaults()
	config.CommitBytes = cmp.Or(config.CommitBytes, 8<<20)
	config.StateStreams = cmp.Or(config.StateStreams, 1000)
	config.StateBytes = cmp.Or(config.StateBytes, 64<<20)
	config.DecideLimit = cmp.Or(config.DecideLimit, 100*time.Millisecond)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Committer{
		log:    log,
		config: config,
		heads:  newHeads(config.HeadStreams),
		outage: outage{patience: config.RetryFor},
		states: newStates(config.StateStreams, config.StateBytes),
		aside:  newAside(),
		chain:  chain{answers: make(chan Answer, 2*config.InFlight+1)}, // two each and one: hardly anybody waits to be heard
	}
	c.snapshots.life, c.snapshots.end = context.WithCancel(context.Background())
	c.watch.limit, c.watch.overran, c.watch.start = config.DecideLimit, c.overran, time.Now()
	if config.Turns == nil {
		c.turn.state = held
	}
	return c
}

func (c *Committer) overran(info OverrunInfo) {
	if info.Returned {
		c.config.Logger.Warn("groupcommit: a decision was slow, and everything waited for it", "stream", info.Stream, "took", info.Took)
	} else {
		c.config.Logger.Error("groupcommit: a decision does not return; nothing is written any more", "stream", info.Stream, "since", info.Took)
	}
	c.config.Hooks.overran(info)
}

// Limits are how many commits may be in flight, and how many streams' versions are kept.
func (c *Committer) Limits() (inFlight, headStreams int) {
	return c.config.InFlight, c.config.HeadStreams
}

// job is a batch until all of it is told.
type job struct {
	ctx      context.Context // that it was begun with: whatever is done for it is done under it
	entries  []*Entry
	done     func() // told when all entries are
	share    *share // of done; nil as long as nothing of the batch was set aside
	sighted  bool   // no stream is assumed not to exist any more
	recorded bool   // the IDs of all entries are looked up first

	outdated time.Time // when it was first found to be judged on something that is not so
	refused  int       // entries that the database has refused
}

// Begin judges the entries in their order, on the log as it will be when everything in flight has committed, and sends what they are
// to append on its way in one commit. It is called when the committer is Ready. Each receiver is told its verdict when that
// is final, at the latest when the committer is Idle; then done is called. When ctx ends, what was not sent is told as not written,
// and what is in doubt as unknown.
func (c *Committer) Begin(ctx context.Context, entries []*Entry, done func()) {
	for _, e := range entries {
		c.begun++
		e.place = c.begun
	}
	c.begin(&job{ctx: ctx, entries: entries, done: done})
	c.yield()
	c.resume()
}

// begin is Begin for a batch that may have been begun before, in part or as part of another one.
func (c *Committer) begin(work *job) {
	ctx := work.ctx
	if c.stopped == nil {
		idle := c.Idle()
		plan, err := c.evaluate(ctx, work)
		if err == nil {
			if len(work.entries) == 0 { // all are set aside
				work.done()
				return
			}
			c.launch(&flight{work: work, plan: plan})
			return
		}
		if idle { // otherwise the chain may be to blame
			c.react(ctx, work, nil, err)
		}
	}
	c.drain()
	c.commit(work)
	work.done()
}

// commit brings a batch to its end while nothing else is in flight.
func (c *Committer) commit(work *job) {
	ctx := work.ctx
	for len(work.entries) > 0 {
		if c.stopped != nil {
			c.fail(ctx, work, c.stopped)
			return
		}
		plan, err := c.evaluate(ctx, work)
		if err != nil {
			c.react(ctx, work, nil, err)
			continue
		}
		if len(work.entries) == 0 {
			return
		}
		sent := time.Now()
		if len(plan.commit.Rows) > 0 || plan.repeats {
			err = c.attempt(ctx, plan.commit)
		}
		c.conclude(ctx, work, plan, sent, err)
		c.hear() // of others that wait
		c.yield()
	}
}

// conclude deals with the answer to a commit, while nothing else is in flight. It leaves in work what is to be tried again.
func (c *Committer) conclude(ctx context.Context, work *job, plan *plan, sent time.Time, err error) {
	if f := failure(err); f != nil {
		switch f.Class {
		case InDoubt:
			c.config.Hooks.failed(InDoubt, f)
			err = c.settle(ctx, plan.commit)
			defer func() { c.heads.known = false }() // others may have appended behind it
		case Moved:
			c.overtaken(f)
		}
	}
	if err == nil {
		c.finish(work, plan, time.Since(sent))
		return
	}
	c.react(ctx, work, plan, err)
}

// evaluate judges a batch at the end of the chain. Entries that cannot be judged yet leave it and are set aside. An error says that the log could not
// be looked at, or that the chain cannot go on; nothing is lost by it.
func (c *Committer) evaluate(ctx context.Context, work *job) (*plan, error) {
	if c.Idle() {
		if err := c.takeTurn(ctx); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	ends, aside := c.ends(), !c.Idle()
	view := newView(c, work.entries, !work.sighted)
	info := view.info(len(work.entries))
	if work.recorded {
		view.asking = commandIDs(work.entries)
	}
	for plan := (*plan)(nil); ; {
		switch query, needed := view.question(c.heads); {
		case needed:
			asked := time.Now()
			snapshot, err := c.look(ctx, query)
			info.Looks, info.LookTime = info.Looks+1, info.LookTime+time.Since(asked)
			if err != nil {
				return nil, err
			}
			if c.broken || aside && !slices.Contains(ends, snapshot.End) {
				return nil, errOrphan
			}
			if view.learn(&query, &snapshot, aside) {
				plan = nil
			}
		case plan == nil: // or it was judged on something that is not so
			c.keepUp(view)
			parent, after := c.tip()
			plan = newPlan(c, view, work.entries, parent, nextTime(after))
		default:
			info.Cached, info.Took = len(c.heads.slots), time.Since(began)-info.LookTime
			c.config.Hooks.judged(info)
			c.setAside(work, plan)
			return plan, nil
		}
	}
}

// keepUp is catchUp, with an alarm.
func (c *Committer) keepUp(view *view) {
	if view.folded {
		defer c.watch.guard()()
	}
	view.catchUp(c)
}

func commandIDs(entries []*Entry) (ids []uuid.UUID) {
	for _, e := range entries {
		if e.ID != uuid.Nil {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// look asks the log. While nothing is in flight it brings the heads to where the log ends now; otherwise it goes on handling
// what the flights say, and the heads follow them.
func (c *Committer) look(ctx context.Context, query Query) (Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	if !c.Idle() {
		return c.lookAside(ctx, query)
	}
	snapshot, err := c.log.Look(ctx, query)
	if err != nil {
		return Snapshot{}, err
	}
	c.learn(&query, &snapshot)
	return snapshot, nil
}

// learn brings the heads to where the log ended when it was looked at. Nothing was in flight then, nor is now.
func (c *Committer) learn(query *Query, snapshot *Snapshot) {
	if query.Since != (Point{}) && query.Since != snapshot.End {
		c.turn.met = time.Now()
	}
	if snapshot.Forgotten {
		c.heads.forget()
	}
	c.heads.update(snapshot.Moved)
	c.heads.moveTo(snapshot.End, snapshot.EndTime)
}

func (c *Committer) lookAside(ctx context.Context, query Query) (snapshot Snapshot, err error) {
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		snapshot, err = c.log.Look(ctx, query)
	}()
	for {
		select {
		case <-looked:
			return snapshot, err
		case a := <-c.answers:
			c.note(a)
		}
	}
}

// nextTime is the time of a commit: later than that of the one before, whatever the clock does.
func nextTime(before time.Time) time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(before) {
		now = before.Add(time.Microsecond)
	}
	return now
}

// attempt appends the commit once. One without rows makes sure of those before it: its commands repeat what was found to be recorded, which
// need not be as durable yet as their success says. While that fails they are in doubt.
func (c *Committer) attempt(ctx context.Context, commit *Commit) (err error) {
	answered := c.sending(ctx, commit)
	defer func() { answered(err) }()
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	if len(commit.Rows) == 0 {
		return c.log.Sync(ctx)
	}
	return c.log.Append(ctx, commit, nil)
}

// finish takes over what the plan came to and tells its verdicts.
func (c *Committer) finish(work *job, plan *plan, took time.Duration) {
	c.goesOn(&c.outage)
	if len(plan.commit.Rows) > 0 {
		c.heads.moveTo(plan.commit.End(), plan.commit.Time)
		c.config.Hooks.committed(plan.commit, took)
	}
	for i := range plan.view.slots {
		if s := &plan.view.slots[i]; s.proven() {
			c.heads.set(s.stream, s.version)
			c.states.take(s)
			c.crossed(s)
		}
	}
	for i, e := range plan.entries {
		e.Receiver.Resolve(plan.verdicts[i].result, plan.verdicts[i].err)
	}
	c.turn.used = time.Now()
	work.entries = nil
}

// fail tells all that is left of a batch that it was not written, and why. Once ctx has ended, that is why.
func (c *Committer) fail(ctx context.Context, work *job, cause error) {
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	work.refuse(cause)
}

// refuse tells all that is left of a batch that it was not written, because of this.
func (w *job) refuse(cause error) {
	err := notWritten(cause)
	for _, e := range w.entries {
		e.Receiver.Resolve(command.Result{}, err)
	}
	w.entries = nil
}

func notWritten(cause error) error { return fmt.Errorf("%w: %w", command.ErrNotWritten, cause) }
