// Package stats is what a store tells of itself in numbers: plain values, to be copied, subtracted and shown. It knows nothing of where
// they come from.
package stats

import "time"

// Stats is what a store has done since it was opened, and where it stands, all as of one moment, but for Queue, States, Pool and Losses, which are
// asked a moment later. Counts only grow.
//
// A commit is counted, with its events, before its commands are told. A command is counted when all of its batch have been told, a moment
// after its own caller was; what was submitted before a Flush is counted when that returns.
type Stats struct {
	Opened time.Time // when counting began
	At     time.Time // when this was taken

	// Uncounted says that all counts but States stay zero, because of Config.NoStats: there are the times above, what is in the queue and in flight, Stalled,
	// Stopped and the pool.
	Uncounted bool

	Commands   Commands
	Events     uint64 // committed
	EventBytes uint64 // of the events committed, as encoded for the log

	Latency   Histogram // seconds from the call of Submit to the verdict, of the commands that a batch took
	QueueTime Histogram // seconds of it until a batch took the command

	Batches       Batches
	BatchCommands Histogram // commands in a batch
	BatchBytes    Histogram // bytes of memory that its commands held

	Commits       Histogram // seconds from sending a commit to its answer; only of those that succeeded
	CommitEvents  Histogram // events in a commit
	Evaluation    Histogram // seconds that judging a batch took, without the looks at the log
	Looks         uint64    // at the log, for what had to be known before a batch could be judged
	LookTime      time.Duration
	NewestCommits []Commit // newest first, at most 32

	Queue       Queue
	InFlight    int // batches taken and not told
	MaxInFlight int // commits that may be under way at a time

	Heads         Heads
	States        States
	ActiveStreams int // streams that commands committed in the last minute named; an estimate, within a few percent

	Failures Failures
	Doubts   Doubts
	Turns    Turns

	// Stalled is for how long commands have been waiting, or under way, without a batch being taken or told; 0 while none are.
	Stalled time.Duration
	// Stopped is why nothing is written any more, until the store is opened anew; nil while writing goes on.
	Stopped error

	Pool   Pool
	Losses uint64 // connections that write or look at the log, beside the pool, that were closed after they had been in use
}
