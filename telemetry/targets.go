package telemetry

import "time"

// Targets are what a store is to achieve over Config.Window. A zero field is not looked at; that writing, or a reader, has stopped
// always is.
type Targets struct {
	// At least so many commands and events are committed a second. It counts only while there is more to do: when commands were waiting in the
	// queue at each look of a whole window.
	MinCommands, MinEvents float64

	// At most so long are commands under way, from Submit to the verdict. It counts where 20 commands or more were told in the window, for P99
	// a hundred.
	P50, P95, P99 time.Duration

	// Less than this is taken, at some look of the window at least: a peak is no miss.
	Memory    uint64        // of the Go runtime, in bytes: what it has from the system and has not given back
	QueueFull float64       // part of the queue's room, 0 to 1
	Lag       time.Duration // age of the oldest event that a reader has not handled

	CPU     float64       // part of what the process may use, GOMAXPROCS processors, 0 to 1; known on Unix only
	Stalled time.Duration // nothing has moved on for so long, although commands wait

	// Commands in the window that were told so: that their outcome has stayed unknown, or that they were not written through no fault of their own.
	Unknown, NotWritten uint64
}

// Production are the usual targets of a service.
func Production() Targets {
	return Targets{
		MinCommands: 100, MinEvents: 1000,
		P50: 10 * time.Millisecond, P95: 50 * time.Millisecond, P99: 100 * time.Millisecond,
		Memory: 1 << 30, CPU: 0.7,
		QueueFull: 0.9, Stalled: 30 * time.Second, Lag: 30 * time.Second, Unknown: 1, NotWritten: 1,
	}
}

// Development are targets that a laptop meets.
func Development() Targets {
	return Targets{
		MinCommands: 10, MinEvents: 100,
		P50: 50 * time.Millisecond, P95: 200 * time.Millisecond, P99: 500 * time.Millisecond,
		Memory: 512 << 20, CPU: 0.5,
		QueueFull: 0.9, Stalled: 30 * time.Second, Lag: 30 * time.Second, Unknown: 1, NotWritten: 1,
	}
}

// Target is how a store does on one of its targets.
type Target struct {
	Name    string  // as in the metric groupcommit_target_missed
	Title   string  // of the value, for people; of a state: what is so while it is met
	State   bool    // it is met or not, and the value is of no interest meanwhile
	Value   float64 // over the window; 0 where there is nothing to judge
	Limit   float64
	AtLeast bool   // the value is to be at least the limit; else it is to be less
	Unit    string // of both: "/s", "s", "bytes", "part", or none
	Judged  bool   // there is something to judge; where not, Missed is mostly as it was before: nobody knows better
	Missed  bool
	Since   time.Time // when it was first found missed; zero when it is not
	Message string    // value and limit in words, as they are when it is missed; where there is nothing to judge, why
}
