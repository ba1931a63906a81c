package command_test

import (
	"math"
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		expect    command.Expect
		name      string
		holds     []int64
		holdsNot  []int64
		isRefused bool
	}{
		{command.Any, "any", []int64{0, 1, math.MaxInt64}, nil, false},
		{command.NoStream, "no stream", []int64{0}, []int64{1, math.MaxInt64}, false},
		{command.StreamExists, "stream exists", []int64{1, math.MaxInt64}, []int64{0}, false},
		{command.Exact(0), "no stream", []int64{0}, []int64{1}, false},
		{command.Exact(1), "version 1", []int64{1}, []int64{0, 2}, false},
		{command.Exact(math.MaxInt64), "version 9223372036854775807", []int64{math.MaxInt64}, []int64{0, math.MaxInt64 - 1}, false},
		{command.Exact(-1), "invalid", nil, []int64{0, 1, math.MaxInt64}, true},
		{command.Exact(-2), "invalid", nil, []int64{0, 1, math.MaxInt64}, true},
		{command.Exact(math.MinInt64), "invalid", nil, []int64{0, 1, math.MaxInt64}, true},
	} {
		for _, version := range c.holds {
			if !c.expect.Holds(version) {
				t.Errorf("%v does not hold at %d", c.expect, version)
			}
		}
		for _, version := range c.holdsNot {
			if c.expect.Holds(version) {
				t.Errorf("%v holds at %d", c.expect, version)
			}
		}
		if got := c.expect.String(); got != c.name {
			t.Errorf("%d is called %q, want %q", c.expect, got, c.name)
		}
		if refused := check(command.To("s", c.expect, happened)) != nil; refused != c.isRefused {
			t.Errorf("%v refused: %t, want %t", c.expect, refused, c.isRefused)
		}
	}
}

func TestExpectZeroIsAny(t *testing.T) {
	var zero command.StreamWrite
	if zero.Expect != command.Any {
		t.Errorf("the zero Expect is %v", zero.Expect)
	}
}
