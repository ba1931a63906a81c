package command

import "github.com/google/uuid"

// Decision decides what a command appends when it is the command's turn: on the states of its streams at that very place in the log.
// Package decider makes decisions; what stands here is all that the way of a command has to know of them.
type Decision interface {
	// Subjects are the streams that it looks at, each with the way in which it does. It may ask for more when it decides.
	Subjects() []Subject

	// Decide decides. The subjects, with their states, are those of Subjects, in order, and what it has asked for since. It may be called several
	// times, of which only the last one counts, and changes nothing but what it returns. It keeps neither of the slices.
	Decide(subjects []Subject, states []State) Decided

	// Key stands for what is decided in the fingerprint of a command that has an ID.
	Key() []byte
}

// Checker is a Decision that may have been put together in a way that cannot be meant.
type Checker interface {
	Decision
	// Check tells that, as an *InvalidError, or nil.
	Check() error
}

// Subject is a stream, and what its events are folded to. It is comparable.
type Subject struct {
	Stream string
	Folder Folder
}

// Folder folds the events of a stream to a state. States are values: who evolves one leaves it as it was. A Folder is comparable, and
// its methods are called by any goroutine.
type Folder interface {
	Initial() any
	Evolve(state any, event *RecordedEvent) (any, error)
	// Size is the memory that a state holds, in bytes, about. One that panics is as an Evolve that does.
	Size(state any) int
}

// Snapshotter is a Folder whose states may be kept beside the log, so that a long stream need not be folded from its beginning.
type Snapshotter interface {
	Folder
	// Snapshots is nil where none are wanted. It is the same with every call.
	Snapshots() *Snapshots
}

// Snapshots says how states are kept. Its functions are called by any goroutine.
type Snapshots struct {
	Name    string // of what the folder makes of a stream
	Version int    // of how it does that, and of the encoding: snapshots of another one are not used
	Every   int    // events, at least 1
	Encode  func(state any) ([]byte, error)
	Decode  func(data []byte) (any, error)
}

// maxSnapshotsName is how long the name may be, in bytes.
const maxSnapshotsName = 255

// Check tells why snapshots cannot be kept so, or nil.
func (s *Snapshots) Check() *InvalidError {
	if err := checkName("Snapshots.Name", s.Name, maxSnapshotsName); err != nil {
		return err
	}
	switch {
	case s.Version < 0:
		return invalid("Snapshots.Version", "it is negative")
	case s.Every < 1:
		return invalid("Snapshots.Every", "it is negative")
	default:
		return nil
	}
}

// State is what the events of a stream came to.
type State struct {
	Value   any
	Version int64     // of the stream: the number of events that are folded
	EventID uuid.UUID // of the last of these; uuid.Nil where it is not known
}

// Decided is what a decision came to.
type Decided struct {
	// Streams is what to write, per stream; none is a success that writes nothing.
	Streams []StreamWrite
	// More is further subjects that it needs. Where there are any, the rest does not count.
	More []Subject
	// Err refuses the command, and is what its caller is told.
	Err error
}
