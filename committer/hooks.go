package committer

import "time"

// Hooks are told what happens inside. Each may be nil; each is called by the committer's goroutine and must be quick.
type Hooks struct {
	// Committed is called after each group commit, before its commands are told.
	Committed func(CommitInfo)
	// Failed is called for each attempt to look or append that did not succeed.
	Failed func(class Class, err error)
	// Settled is called when a commit that was in doubt is so no more, or is given up.
	Settled func(Settlement)
}

// CommitInfo describes a group commit.
type CommitInfo struct {
	Commands int // that wrote events
	Events   int
	Bytes    int           // of encoded events
	Took     time.Duration // from sending it to its answer
}

// Settlement is what became of a commit that was in doubt.
type Settlement string

// The ends of doubt.
const (
	SettledCommitted  Settlement = "committed"
	SettledNotWritten Settlement = "not written"
	SettledUnknown    Settlement = "unknown"
)

func (h *Hooks) committed(commit *Commit, took time.Duration) {
	if h.Committed == nil {
		return
	}
	bytes := 0
	for i := range commit.Rows {
		bytes += len(commit.Rows[i].Encoded)
	}
	h.Committed(CommitInfo{Commands: commit.Commands, Events: len(commit.Rows), Bytes: bytes, Took: took})
}

func (h *Hooks) failed(class Class, err error) {
	if h.Failed != nil {
		h.Failed(class, err)
	}
}

func (h *Hooks) settled(s Settlement) {
	if h.Settled != nil {
		h.Settled(s)
	}
}
