package pgtest

import (
	"flag"
	"strconv"
	"testing"
)

// FewerChecks has a test make a part of the checks that rapid makes by default: with a server each takes its time.
func FewerChecks(t *testing.T, part int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	before, ok := checks.(flag.Getter).Get().(int)
	if !ok {
		t.Fatal("rapid.checks is no number")
	}
	set := func(n int) {
		if err := checks.Set(strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
	}
	set(max(before/part, 1))
	t.Cleanup(func() { set(before) })
}
