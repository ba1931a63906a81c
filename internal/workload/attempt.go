package workload

import "github.com/groupcommit/groupcommit"

// Attempt is one try at a command. It knows why the one before came to nothing, and so which states are good enough. It
// belongs to the goroutine that runs Execute.
type Attempt struct {
	conflict   *groupcommit.ConflictError // that the attempt before ended in; nil: none
	fresh      bool                       // memory does not do: a refusal is to be confirmed
	fromMemory bool                       // a state was accepted that was not read for this attempt
}

// AtLeast is a version that the stream is known to have reached, 0 where nothing is known.
func (a *Attempt) AtLeast(stream string) int64 {
	if a.conflict == nil || a.conflict.Stream != stream {
		return 0
	}
	return a.conflict.Actual
}

// accepts tells whether a remembered state of this version will do.
func (a *Attempt) accepts(stream string, version int64) bool {
	if a.fresh || version < a.AtLeast(stream) {
		return false
	}
	a.fromMemory = true
	return true
}
