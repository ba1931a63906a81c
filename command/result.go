package command

import "time"

// Result tells what a command wrote, after it was committed.
type Result struct {
	// First and Last are the positions of the command's events in the log. They are contiguous: the events stand there in
	// the order of the command's streams, and per stream in the order given. Both are 0 when a decision wrote nothing.
	First, Last int64

	// Versions holds the version of each stream of the command right after it, in the command's order, guarded streams
	// included.
	Versions []StreamVersion

	// CommittedAt is the time of the commit by the writer's clock, in microseconds, later than that of every commit before
	// it. The command's events carry it as RecordedAt.
	CommittedAt time.Time

	// Duplicate is set when a command with this ID had taken effect before: the result is the one of that time.
	Duplicate bool
}

// Version is the version of one of the command's streams right after the command, or 0 for any other stream.
func (r *Result) Version(stream string) int64 {
	for i := range r.Versions {
		if r.Versions[i].Stream == stream {
			return r.Versions[i].Version
		}
	}
	return 0
}

// StreamVersion is a stream and its version: the number of its events, 0 when it does not exist.
type StreamVersion struct {
	Stream  string
	Version int64
}
