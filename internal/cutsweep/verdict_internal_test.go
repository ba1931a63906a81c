package cutsweep

import (
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// A verdict that is not the truth is found.
func TestAllows(t *testing.T) {
	for _, c := range []struct {
		err               error
		none, torn, whole bool
	}{
		{nil, false, false, true},
		{groupcommit.ErrNotWritten, true, false, false},
		{groupcommit.ErrOutcomeUnknown, true, false, true},
		{&groupcommit.ConflictError{}, false, false, false},
		{errors.New("the connection was lost"), false, false, false},
	} {
		v := verdict{events: 2, err: c.err}
		if v.allows(0) != c.none || v.allows(1) != c.torn || v.allows(2) != c.whole || v.allows(4) {
			t.Errorf("%v: allowed with none, one, two of 2 events: %v, %v, %v", c.err, v.allows(0), v.allows(1), v.allows(2))
		}
	}
}
