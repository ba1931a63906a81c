package importer

import "fmt"

// InvalidError says that an argument or a configuration cannot be accepted as it is. Nothing was read or written.
type InvalidError struct {
	Field  string // "store", "Options.Name"
	Reason string // what is wrong and what would be right
}

func (e *InvalidError) Error() string { return fmt.Sprintf("importer: %s: %s", e.Field, e.Reason) }

// EventError says that an event of the source cannot be taken as it is. Neither it nor anything behind it was written, nor what would have been
// in one command with it. Err is a *groupcommit.InvalidError where the store refused it, and the error of the source where that could not read it.
// Mend the event in the source, or leave it out there, and run the import again.
type EventError struct {
	Cursor string
	Stream string
	Err    error
}

func (e *EventError) Error() string {
	return fmt.Sprintf("importer: the event at %q, of stream %q, cannot be imported: %v", e.Cursor, e.Stream, e.Err)
}

func (e *EventError) Unwrap() error { return e.Err }

// CommandError says that the events from one cursor to another, which are one command, could not be appended, or that it is not
// known: see Err. Up to Options.InFlight commands behind it may have been written. After a *groupcommit.ConflictError a person has to look: somebody else
// writes to the streams, or versions are missing. So it is after a *groupcommit.ReusedIDError: an import of this name had larger limits, or its source
// told other events. After anything else run the import again.
type CommandError struct {
	First, Last string // cursors
	Err         error  // of the store
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("importer: the events from %q to %q: %v", e.First, e.Last, e.Err)
}

func (e *CommandError) Unwrap() error { return e.Err }
