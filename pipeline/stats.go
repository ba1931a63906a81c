package pipeline

import (
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// Stats is what has been counted, and where the pipeline stands. With Config.NoStats the counts are zero, but for States.
func (p *Pipeline) Stats() stats.Stats {
	s := p.recorder.snapshot()
	s.Queue.Commands, s.Queue.Bytes = p.batcher.Queued()
	s.Queue.MaxCommands, s.Queue.MaxBytes = p.batcher.Room()
	s.MaxInFlight, s.Heads.Max = p.committer.Limits()
	s.States = stats.States(p.committer.StateStats())
	s.Stalled = p.recorder.stalled(p.batcher.BusySince())
	return s
}

// stalled is for how long nothing has been taken or told, although something is in flight, or in the queue since then.
func (r *recorder) stalled(queued time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := r.moved
	if r.inFlight == 0 {
		if queued.IsZero() {
			return 0
		}
		if queued.After(since) {
			since = queued
		}
	}
	return max(time.Since(since), 0)
}
