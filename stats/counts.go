package stats

import "time"

// Commands counts commands by their verdict. Each command that was submitted is counted once, when it is told.
type Commands struct {
	Committed  uint64 // all of its events are in the log
	Duplicates uint64 // it took effect before, and got that result again
	Conflicts  uint64 // a stream was not at the expected version
	Reused     uint64 // its ID took effect before, with other content
	Rejected   uint64 // the database refused its data, and it was taken out of its batch: isolated
	Declined   uint64 // any other error of its own, such as a decision's
	NotWritten uint64 // through no fault of its own: an outage, or writing has stopped
	Unknown    uint64 // the database stayed away with the answer

	// Never in a batch:
	Withdrawn uint64 // its context ended first; counted when its turn in the queue comes
	Invalid   uint64 // refused by the check at Submit
	QueueFull uint64 // there was no room, and TrySubmit does not wait
	Closed    uint64 // the store was closed
}

// Count is a number with the value that a metric label has for it.
type Count struct {
	Label string
	N     uint64
}

// Counts are the commands by verdict.
func (c *Commands) Counts() []Count {
	return []Count{
		{"committed", c.Committed}, {"duplicate", c.Duplicates}, {"conflict", c.Conflicts}, {"reused_id", c.Reused},
		{"rejected", c.Rejected}, {"declined", c.Declined}, {"not_written", c.NotWritten}, {"unknown", c.Unknown},
		{"withdrawn", c.Withdrawn}, {"invalid", c.Invalid}, {"queue_full", c.QueueFull}, {"closed", c.Closed},
	}
}

// Batches counts batches by the reason for which they could leave the queue.
type Batches struct {
	Full   uint64 // as many commands as a batch takes
	Bytes  uint64 // as many bytes as a batch takes
	Eager  uint64 // nothing was in flight
	Share  uint64 // a fair part of what waited and was in flight
	Linger uint64 // the first command had waited for Config.Linger
	Flush  uint64 // somebody called Flush
	Close  uint64 // the store is closing
}

// Counts are the batches by reason.
func (b *Batches) Counts() []Count {
	return []Count{
		{"full", b.Full}, {"bytes", b.Bytes}, {"eager", b.Eager}, {"share", b.Share}, {"linger", b.Linger}, {"flush", b.Flush}, {"close", b.Close},
	}
}

// Failures counts attempts to look at the log, or to append to it, that did not succeed, by class. Package committer describes the classes.
type Failures struct {
	Transient uint64 // tried again
	InDoubt   uint64 // the answer to COMMIT was lost
	Moved     uint64 // another process has appended: judged again
	Taken     uint64 // a position was taken: judged again
	Stale     uint64 // a stream had an event of that version already: judged again
	Recorded  uint64 // the ID of a command was recorded already: judged again
	Refused   uint64 // the database does not accept the data of a command
	Lost      uint64 // commits that had succeeded are gone
	Replaced  uint64 // another log stands in the place of this one
	Permanent uint64 // a person has to change something
}

// Counts are the failures by class.
func (f *Failures) Counts() []Count {
	return []Count{
		{"transient", f.Transient}, {"in_doubt", f.InDoubt}, {"log_moved", f.Moved}, {"position_taken", f.Taken},
		{"stale_version", f.Stale}, {"command_recorded", f.Recorded}, {"refused", f.Refused}, {"lost_commits", f.Lost},
		{"log_replaced", f.Replaced}, {"permanent", f.Permanent},
	}
}

// Doubts counts commits that were in doubt by what became of them.
type Doubts struct {
	Committed  uint64
	NotWritten uint64
	Unknown    uint64 // given up
}

// Counts are the doubts by their end.
func (d *Doubts) Counts() []Count {
	return []Count{{"committed", d.Committed}, {"not_written", d.NotWritten}, {"unknown", d.Unknown}}
}

// Turns is what taking turns with other processes came to. A process that is alone keeps it while it has work.
type Turns struct {
	Taken  uint64
	Lost   uint64        // while it was held: the connection, or to processes that this one kept waiting for too long
	Waited time.Duration // for those taken, all together
}

// Queue is what waits for a batch, and the room for it.
type Queue struct {
	Commands, Bytes       int
	MaxCommands, MaxBytes int
}

// Full is how much of the room is taken, of commands or of bytes, whichever is more: 0 to 1.
func (q *Queue) Full() float64 {
	if q.MaxCommands == 0 || q.MaxBytes == 0 {
		return 0
	}
	return max(float64(q.Commands)/float64(q.MaxCommands), float64(q.Bytes)/float64(q.MaxBytes))
}

// Heads is the cache of stream versions.
type Heads struct {
	Hits    uint64 // a batch named a stream whose version was known
	Misses  uint64 // it had to be looked up
	Streams int    // in the cache
	Max     int    // that it holds
}

// States is the cache of what streams were folded to, for deciders. It is counted with Config.NoStats, too.
type States struct {
	Hits, Misses uint64 // states that were there when a command was submitted, and that had to be loaded
	Evictions    uint64 // streams that had to make room

	Streams, Bytes       int // in the cache: streams, and the memory of their states, by what the deciders say
	MaxStreams, MaxBytes int // that it holds
}

// Commit is a commit that succeeded.
type Commit struct {
	At       time.Time // as in the log
	First    int64     // position of its first event
	Events   int
	Commands int
	Bytes    int           // of the events, as encoded
	Took     time.Duration // from sending it to its answer
}

// Pool is the pool of connections that serve reads; all zero in memory.
type Pool struct {
	Acquired int           // in use
	Idle     int           // free
	Max      int           // that it may hold
	Acquires uint64        // times that a connection was lent
	Waits    uint64        // times that none was free
	WaitTime time.Duration // of these
}
