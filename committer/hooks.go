package committer

import (
	"context"
	"time"
)

// Hooks are told what happens inside. Each may be nil; each is called by the committer's goroutine and must be quick. Only Overran, of what does not
// return, and Stopped, where code of the user's has ended that goroutine, are called by others.
type Hooks struct {
	// Judged is called after each judgement of a batch; one that is judged again is told again.
	Judged func(JudgeInfo)
	// Sending is called before a commit is sent, each time that it is, with the context that Begin was given with its batch. What it
	// returns, unless nil, is called with the answer, nil when it has succeeded.
	Sending func(context.Context, CommitInfo) (answered func(error))
	// Committed is called after each group commit, before its commands are told.
	Committed func(CommitInfo)
	// Failed is called for each attempt to look or append that did not succeed.
	Failed func(class Class, err error)
	// Settled is called when a commit that was in doubt, of events, is so no more, or is given up.
	Settled func(Settlement)
	// TurnTaken is called when this process has got the turn.
	TurnTaken func(waited time.Duration)
	// TurnLost is called when the turn was lost, and not passed on.
	TurnLost func(cause error)
	// Overran is called when a decision, or the folding of an event, took longer than Config.DecideLimit, after it has returned. One that does not
	// return is told once, after ten times the limit and by a goroutine of its own.
	Overran func(OverrunInfo)
	// Stopped is called when nothing will be written any more, with the reason.
	Stopped func(error)
}

// JudgeInfo describes the judgement of a batch.
type JudgeInfo struct {
	Commands int
	Known    int           // streams whose version was known
	Unknown  int           // streams whose version had to be looked up
	Cached   int           // streams whose version is kept now
	Looks    int           // at the log
	LookTime time.Duration // of these
	Took     time.Duration // without them
}

// OverrunInfo describes a decision that took too long.
type OverrunInfo struct {
	Stream   string // the first that it looks at, or that is folded
	Took     time.Duration
	Returned bool // else it still holds up all others
}

// CommitInfo describes a group commit.
type CommitInfo struct {
	First    int64     // position of its first event
	At       time.Time // as in the log
	Commands int       // that wrote events
	Events   int
	Bytes    int           // of encoded events
	Took     time.Duration // from sending it to its answer; 0 before
}

// Settlement is what became of a commit that was in doubt.
type Settlement string

// The ends of doubt.
const (
	SettledCommitted  Settlement = "committed"
	SettledNotWritten Settlement = "not written"
	SettledUnknown    Settlement = "unknown"
)

func newCommitInfo(commit *Commit) CommitInfo {
	info := CommitInfo{First: commit.Parent.Position + 1, At: commit.Time, Commands: commit.Commands, Events: len(commit.Rows)}
	for i := range commit.Rows {
		info.Bytes += len(commit.Rows[i].Encoded)
	}
	return info
}

func (h *Hooks) judged(info JudgeInfo) {
	if h.Judged != nil {
		h.Judged(info)
	}
}

// sending returns what is to be called with the answer.
func (c *Committer) sending(ctx context.Context, commit *Commit) func(error) {
	send := c.config.Hooks.Sending
	if trace := c.config.Trace; trace != nil {
		send = sendingBoth(func(ctx context.Context, info CommitInfo) func(error) { return trace(ctx, info, commit.carried) }, send)
	}
	if send != nil && len(commit.Rows) > 0 {
		if answered := send(ctx, newCommitInfo(commit)); answered != nil {
			return answered
		}
	}
	return func(error) {}
}

func (h *Hooks) committed(commit *Commit, took time.Duration) {
	if h.Committed != nil {
		info := newCommitInfo(commit)
		info.Took = took
		h.Committed(info)
	}
}

func (h *Hooks) failed(class Class, err error) {
	if h.Failed != nil {
		h.Failed(class, err)
	}
}

func (h *Hooks) settled(commit *Commit, s Settlement) {
	if h.Settled != nil && len(commit.Rows) > 0 {
		h.Settled(s)
	}
}

func (h *Hooks) turnTaken(waited time.Duration) {
	if h.TurnTaken != nil {
		h.TurnTaken(waited)
	}
}

func (h *Hooks) turnLost(cause error) {
	if h.TurnLost != nil {
		h.TurnLost(cause)
	}
}

func (h *Hooks) stopped(reason error) {
	if h.Stopped != nil {
		h.Stopped(reason)
	}
}

func (h *Hooks) overran(info OverrunInfo) {
	if h.Overran != nil {
		h.Overran(info)
	}
}
