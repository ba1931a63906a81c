package pipeline

import (
	"errors"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/stats"
)

// recorder counts what happens in a pipeline. Where it does not count, it knows all the same what is in flight, when something last moved, and
// whether writing has stopped: whoever looks after a store relies on these.
//
// mu guards all below it. The committer's loop takes it a few times a batch, whoever is refused at Submit once, and nobody holds it for longer
// than it takes to go through a batch. So the counts of one batch appear together.
type recorder struct {
	began    time.Time
	counting bool

	mu       sync.Mutex
	stats    stats.Stats // but for what the fields below hold
	meters   meters
	streams  *stats.Distinct
	inFlight int
	moved    time.Time // when a batch was last taken or told
	newest   ring
}

type meters struct {
	latency, queueTime, commits, evaluation *stats.Meter // durations
	batchCommands, commitEvents             *stats.Meter // amounts
	batchBytes                              *stats.Meter // sizes
}

func newRecorder(counting bool) *recorder {
	now := time.Now()
	return &recorder{
		began:    now,
		counting: counting,
		streams:  stats.NewDistinct(now),
		meters: meters{
			latency: stats.NewDurations(), queueTime: stats.NewDurations(), commits: stats.NewDurations(), evaluation: stats.NewDurations(),
			batchCommands: stats.NewAmounts(), commitEvents: stats.NewAmounts(), batchBytes: stats.NewSizes(),
		},
	}
}

// now is the time since the recorder began: half the cost of a time.Time, and a third of its size.
func (r *recorder) now() time.Duration {
	return time.Since(r.began)
}

// refused counts a command that never came into the queue.
func (r *recorder) refused(err error) {
	if !r.counting {
		return
	}
	_, invalid := errors.AsType[*command.InvalidError](err)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch c := &r.stats.Commands; {
	case invalid:
		c.Invalid++
	case errors.Is(err, command.ErrQueueFull):
		c.QueueFull++
	case errors.Is(err, command.ErrClosed):
		c.Closed++
	default:
		c.Withdrawn++
	}
}

// took counts a batch that was taken from the queue. Some of its commands, or all, may have been withdrawn before.
func (r *recorder) took(batch *batcher.Batch[*Future]) {
	taken := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight++
	r.moved = r.began.Add(taken)
	if !r.counting {
		return
	}
	commands := 0
	for _, f := range batch.Items {
		if f.place.Load() == withdrawn {
			r.stats.Commands.Withdrawn++
			continue
		}
		commands++
		r.meters.queueTime.Observe(int64(taken - f.submitted))
	}
	if commands > 0 {
		*r.reason(batch.Reason)++
		r.meters.batchCommands.Observe(int64(commands))
		r.meters.batchBytes.Observe(int64(batch.Bytes))
	}
}

func (r *recorder) reason(why batcher.Reason) *uint64 {
	switch b := &r.stats.Batches; why {
	case batcher.Full:
		return &b.Full
	case batcher.Bytes:
		return &b.Bytes
	case batcher.Eager:
		return &b.Eager
	case batcher.Share:
		return &b.Share
	case batcher.Linger:
		return &b.Linger
	case batcher.Flush:
		return &b.Flush
	default:
		return &b.Close
	}
}

// told counts the commands of a batch, all of which have their verdicts. It is called by the goroutine that has told them.
func (r *recorder) told(futures []*Future) {
	told := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
	r.moved = r.began.Add(told)
	if !r.counting {
		return
	}
	r.streams.Turn(r.moved)
	for _, f := range futures {
		if f.place.Load() == inBatch {
			r.verdict(f)
			r.meters.latency.Observe(int64(told - f.submitted))
		}
	}
}

func (r *recorder) verdict(f *Future) {
	c := &r.stats.Commands
	switch err := f.err; err.(type) {
	case nil:
		if f.result.Duplicate {
			c.Duplicates++
			return
		}
		c.Committed++
		for i := range f.result.Versions {
			r.streams.Add(f.result.Versions[i].Stream)
		}
	case *command.ConflictError:
		c.Conflicts++
	case *command.ReusedIDError:
		c.Reused++
	case *command.RejectedError:
		c.Rejected++
	default:
		switch {
		case errors.Is(err, command.ErrOutcomeUnknown):
			c.Unknown++
		case errors.Is(err, command.ErrNotWritten):
			c.NotWritten++
		default:
			c.Declined++
		}
	}
}

// hooks are what the committer tells the recorder.
func (r *recorder) hooks() committer.Hooks {
	if !r.counting {
		return committer.Hooks{Stopped: r.stopped}
	}
	return committer.Hooks{
		Judged:    r.judged,
		Committed: r.committed,
		Failed:    r.failed,
		Settled:   r.settled,
		TurnTaken: r.turnTaken,
		TurnLost:  r.turnLost,
		Stopped:   r.stopped,
	}
}

func (r *recorder) judged(info committer.JudgeInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meters.evaluation.Observe(int64(info.Took))
	r.stats.Looks += uint64(info.Looks)
	r.stats.LookTime += info.LookTime
	r.stats.Heads.Hits += uint64(info.Known)
	r.stats.Heads.Misses += uint64(info.Unknown)
	r.stats.Heads.Streams = info.Cached
}

func (r *recorder) committed(info committer.CommitInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Events += uint64(info.Events)
	r.stats.EventBytes += uint64(info.Bytes)
	r.meters.commits.Observe(int64(info.Took))
	r.meters.commitEvents.Observe(int64(info.Events))
	r.newest.add(stats.Commit{
		At: info.At, First: info.First, Events: info.Events, Commands: info.Commands, Bytes: info.Bytes, Took: info.Took,
	})
}

func (r *recorder) failed(class committer.Class, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch f := &r.stats.Failures; class {
	case committer.Transient:
		f.Transient++
	case committer.InDoubt:
		f.InDoubt++
	case committer.Moved:
		f.Moved++
	case committer.Taken:
		f.Taken++
	case committer.Stale:
		f.Stale++
	case committer.Recorded:
		f.Recorded++
	case committer.Refused:
		f.Refused++
	case committer.Lost:
		f.Lost++
	case committer.Replaced:
		f.Replaced++
	case committer.Permanent:
		f.Permanent++
	}
}

func (r *recorder) settled(s committer.Settlement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch d := &r.stats.Doubts; s {
	case committer.SettledCommitted:
		d.Committed++
	case committer.SettledNotWritten:
		d.NotWritten++
	case committer.SettledUnknown:
		d.Unknown++
	}
}

func (r *recorder) turnTaken(waited time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Turns.Taken++
	r.stats.Turns.Waited += waited
}

func (r *recorder) turnLost(error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Turns.Lost++
}

func (r *recorder) stopped(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Stopped = reason
}

// snapshot is a copy of everything.
func (r *recorder) snapshot() stats.Stats {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams.Turn(now)
	s := r.stats
	s.Opened, s.At, s.Uncounted = r.began, now, !r.counting
	s.InFlight = r.inFlight
	s.ActiveStreams = r.streams.Estimate()
	s.NewestCommits = r.newest.list()
	s.Latency, s.QueueTime = r.meters.latency.Histogram(), r.meters.queueTime.Histogram()
	s.Commits, s.Evaluation = r.meters.commits.Histogram(), r.meters.evaluation.Histogram()
	s.BatchCommands, s.BatchBytes = r.meters.batchCommands.Histogram(), r.meters.batchBytes.Histogram()
	s.CommitEvents = r.meters.commitEvents.Histogram()
	return s
}

// ring keeps the newest commits.
type ring struct {
	commits [32]stats.Commit
	added   int
}

func (r *ring) add(c stats.Commit) {
	r.commits[r.added%len(r.commits)] = c
	r.added++
}

// list is what the ring keeps, newest first.
func (r *ring) list() []stats.Commit {
	var newest []stats.Commit
	for n := r.added; n > max(0, r.added-len(r.commits)); n-- {
		newest = append(newest, r.commits[(n-1)%len(r.commits)])
	}
	return newest
}
