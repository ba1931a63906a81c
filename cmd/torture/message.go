package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/groupcommit/groupcommit/internal/oracle"
)

// assignment is the first that a writer is told.
type assignment struct {
	URL, Schema string
	Name        string // of the application
	Tuning      tuning
	Seed        uint64
	Submitter   int // number of its first client
	Clients     int
	Pause       time.Duration    // of a client between two bursts, on average
	After       int64            // where the log ended before the round
	Again       []oracle.Attempt // commands with an ID, to be submitted again
}

// tuning is how a writer's store is configured.
type tuning struct {
	InFlight      int
	BatchCommands int
	HeadStreams   int
	RetryFor      time.Duration
}

// instruction is what a writer is told later.
type instruction struct {
	Reopen bool // close the store under load, and open it again
	Finish bool // bring everything to its end and say farewell
}

// report is what a writer sends. Each attempt is sent twice: before it is submitted, and when its verdict is there. A writer that is killed
// has told of all that it may have submitted.
type report struct {
	Attempts []oracle.Attempt `json:",omitempty"`
	Oddities []string         `json:",omitempty"` // verdicts that nothing has given a reason for
	Settled  string           `json:",omitempty"` // how a doubt has ended
	Sight    *sight           `json:",omitempty"`
	Farewell *farewell        `json:",omitempty"`
}

// sight is what a reader of the whole log has seen, up to where it ends.
type sight struct {
	oracle.Look
	Digest uint64 // of all events of the round up to there
	Skip   string // why the reader says that the log is damaged
}

// farewell is the last that a writer says.
type farewell struct {
	Commits int64
	Leak    string // goroutines that are left
}

// now is a time that processes of one machine agree on, and that nobody can set.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}
