package committer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Config of a Committer. A zero field has its default.
type Config struct {
	// HeadStreams is how many streams' versions are cached. Defaults to 100,000.
	HeadStreams int
	// RetryFor is how long after a first failure a batch is tried again before it is given up. Defaults to 30 s.
	RetryFor time.Duration
	// AttemptTimeout bounds each call of the log. Defaults to a third of RetryFor.
	AttemptTimeout time.Duration
	// Logger is told what a person may have to know. Defaults to discarding.
	Logger *slog.Logger
	Hooks  Hooks
}

// Committer appends batches to a log. Commit is called by one goroutine at a time.
type Committer struct {
	log     Log
	config  Config
	heads   *heads
	outage  outage
	stopped error // why nothing is written any more
}

// New makes a committer for a log. It owns nothing that has to be closed.
func New(log Log, config Config) *Committer {
	if config.HeadStreams == 0 {
		config.HeadStreams = 100_000
	}
	if config.RetryFor == 0 {
		config.RetryFor = 30 * time.Second
	}
	if config.AttemptTimeout == 0 {
		config.AttemptTimeout = config.RetryFor / 3
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Committer{
		log:    log,
		config: config,
		heads:  newHeads(config.HeadStreams),
		outage: outage{patience: config.RetryFor},
	}
}

// job is a batch until all of it is told.
type job struct {
	entries  []*Entry
	sighted  bool // no stream is assumed not to exist any more
	recorded bool // the IDs of all entries are looked up first
}

// Commit judges the entries in their order, appends what they are to append in one commit, and tells each receiver its verdict.
// It returns when all are told. When ctx ends, what was not sent is told as not written, and what is in doubt as unknown.
func (c *Committer) Commit(ctx context.Context, entries []*Entry) {
	work := &job{entries: entries}
	for len(work.entries) > 0 {
		if c.stopped != nil {
			c.fail(ctx, work, c.stopped)
			return
		}
		plan, view, err := c.evaluate(ctx, work)
		if err == nil {
			err = c.append(ctx, plan)
		}
		if err != nil {
			c.react(ctx, work, plan, view, err)
			continue
		}
		c.finish(work, plan, view)
	}
}

// evaluate judges a batch at the end of the log.
func (c *Committer) evaluate(ctx context.Context, work *job) (*plan, *view, error) {
	view := newView(c.heads, work.entries, !work.sighted)
	if work.recorded {
		view.asking = commandIDs(work.entries)
	}
	for {
		if query, needed := view.question(c.heads); needed {
			snapshot, err := c.look(ctx, query)
			if err != nil {
				return nil, view, err
			}
			view.learn(&query, &snapshot)
			continue // what was forgotten has to be asked for again
		}
		if plan := newPlan(view, work.entries, c.heads.end, c.nextTime()); plan.final {
			return plan, view, nil
		}
	}
}

func commandIDs(entries []*Entry) (ids []uuid.UUID) {
	for _, e := range entries {
		if e.ID != uuid.Nil {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// look asks the log, and brings the heads to where it ends now.
func (c *Committer) look(ctx context.Context, query Query) (Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	snapshot, err := c.log.Look(ctx, query)
	if err != nil {
		return Snapshot{}, err
	}
	if snapshot.Forgotten {
		c.heads.forget()
	}
	c.heads.update(snapshot.Moved)
	c.heads.moveTo(snapshot.End, snapshot.EndTime)
	return snapshot, nil
}

// nextTime is the time of the next commit: later than that of the one before, whatever the clock does.
func (c *Committer) nextTime() time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(c.heads.time) {
		now = c.heads.time.Add(time.Microsecond)
	}
	return now
}

// append writes the plan's commit. A nil error means that every verdict of the plan is final.
func (c *Committer) append(ctx context.Context, plan *plan) error {
	if len(plan.commit.Rows) == 0 {
		return nil
	}
	sent := time.Now()
	err := c.attempt(ctx, plan.commit)
	if f := failure(err); f != nil && f.Class == InDoubt {
		c.config.Hooks.failed(InDoubt, f)
		err = c.settle(ctx, plan.commit)
	}
	if err == nil {
		c.config.Hooks.committed(plan.commit, time.Since(sent))
	}
	return err
}

// attempt appends the commit once.
func (c *Committer) attempt(ctx context.Context, commit *Commit) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.AttemptTimeout)
	defer cancel()
	return c.log.Append(ctx, commit)
}

// finish takes over what the plan came to and tells its verdicts.
func (c *Committer) finish(work *job, plan *plan, view *view) {
	c.outage.over()
	if len(plan.commit.Rows) > 0 {
		c.heads.moveTo(plan.commit.End(), plan.commit.Time)
	}
	for i := range view.slots {
		if s := &view.slots[i]; s.state == known || s.version > s.base {
			c.heads.set(s.stream, s.version)
		}
	}
	for i, e := range plan.entries {
		e.Receiver.Resolve(plan.verdicts[i].result, plan.verdicts[i].err)
	}
	work.entries = nil
}

// fail tells all that is left of a batch that it was not written, and why. Once ctx has ended, that is why.
func (c *Committer) fail(ctx context.Context, work *job, cause error) {
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	err := fmt.Errorf("%w: %w", command.ErrNotWritten, cause)
	for _, e := range work.entries {
		e.Receiver.Resolve(command.Result{}, err)
	}
	work.entries = nil
}
