package command

import (
	"math"
	"strconv"
)

// Expect is what a command expects of the version of a stream. The version of a stream is the number of its events, 0
// for a stream that does not exist.
type Expect int64

const (
	// Any holds for every stream, existing or not. It is the zero value.
	Any Expect = 0
	// NoStream holds for a stream that has no event.
	NoStream Expect = -1
	// StreamExists holds for a stream that has at least one event.
	StreamExists Expect = -2

	invalidExpect Expect = math.MinInt64
)

// Exact holds for a stream at exactly this version. Exact(0) is NoStream; a negative version is refused at Submit.
func Exact(version int64) Expect {
	switch {
	case version > 0:
		return Expect(version)
	case version == 0:
		return NoStream
	default:
		return invalidExpect
	}
}

// Holds tells whether a stream at the given version is as expected.
func (e Expect) Holds(version int64) bool {
	switch e {
	case Any:
		return true
	case NoStream:
		return version == 0
	case StreamExists:
		return version > 0
	default:
		return version == int64(e)
	}
}

func (e Expect) valid() bool { return e >= StreamExists }

// String is "any", "no stream", "stream exists" or "version N".
func (e Expect) String() string {
	switch {
	case e == Any:
		return "any"
	case e == NoStream:
		return "no stream"
	case e == StreamExists:
		return "stream exists"
	case e.valid():
		return "version " + strconv.FormatInt(int64(e), 10)
	default:
		return "invalid"
	}
}
