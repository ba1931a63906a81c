package oteltrace

import (
	"errors"
	"fmt"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
)

// sentinels are the errors that are states, each before those that it may wrap.
var sentinels = []struct {
	name string
	err  error
}{
	{"ErrOutcomeUnknown", groupcommit.ErrOutcomeUnknown},
	{"ErrLostCommits", groupcommit.ErrLostCommits},
	{"ErrForeignRow", groupcommit.ErrForeignRow},
	{"ErrClosed", groupcommit.ErrClosed},
	{"ErrQueueFull", groupcommit.ErrQueueFull},
	{"ErrNotWritten", groupcommit.ErrNotWritten},
}

// kindOf is what OpenTelemetry calls error.type: few values, and none that holds data.
func kindOf(err error) string {
	if failure, ok := errors.AsType[*committer.Failure](err); ok && err == error(failure) {
		return failure.Class.String()
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.name
		}
	}
	return fmt.Sprintf("%T", err)
}
