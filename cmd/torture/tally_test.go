package main

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/internal/oracle"
)

// Whatever must be 0 and is not makes the run fail, and is told.
func TestWhatMustBeZero(t *testing.T) {
	seen := sight{Look: oracle.Look{End: 12}, Digest: 7}
	log := digests{before: 10, sums: []uint64{0, 6, 7}}
	for _, test := range []struct {
		name   string
		damage func(*tally, *history)
		want   string
	}{
		{"nothing", func(*tally, *history) {}, ""},
		{"a finding", func(t *tally, h *history) { t.judge(h, []oracle.Finding{{Kind: oracle.Torn, Command: 5}}, log) }, "torn: torn: command 5"},
		{"a verdict without a reason", func(_ *tally, h *history) { h.oddities = []string{"odd"} }, odd + ": odd"},
		{"a writer without progress", func(_ *tally, h *history) { h.acked[1] = 0 }, starved + ": writer 1"},
		{"a reader that has seen something else", func(_ *tally, h *history) { h.sights[0].Digest++ }, skips + ": up to position 12"},
		{"a reader that has seen what is not there", func(_ *tally, h *history) { h.sights[0].End++ }, skips + ": up to position 13"},
		{"a reader behind its beginning", func(_ *tally, h *history) { h.sights[0].End = 9 }, skips + ": up to position 9"},
		{"a reader that was told of a hole", func(_ *tally, h *history) { h.sights[0].Skip = "a hole" }, "a hole"},
		{"a leak", func(t *tally, _ *history) { t.leave(&member{farewell: &farewell{Leak: "goroutine 7"}}) }, leaked + ": goroutine 7"},
		{"without an example", func(t *tally, _ *history) { t.wrong(unresolved, 2) }, unresolved},
	} {
		t.Run(test.name, func(t *testing.T) {
			tally, h := newTally(), newHistory(newRecovery(), 2)
			h.acked = []int{1, 1}
			h.sights = []sight{seen, {Look: oracle.Look{End: 10}}}
			test.damage(tally, h)
			tally.judge(h, nil, log)
			err := tally.verdict()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	tally, h := newTally(), newHistory(newRecovery(), 1)
	h.verdicts = verdicts{Submitted: 12, Acked: 11}
	h.settled["committed"] = 3
	tally.begin(h)
	if line := tally.line(); !strings.Contains(line, "11 acknowledged") {
		t.Error(line)
	}
	tally.end(h, digests{sums: make([]uint64, 21)})
	tally.befell("flood", false)
	tally.befell("fire", true)
	tally.notTested = []string{"earthquake"}
	if line := tally.line(); !strings.Contains(line, "11 acknowledged") {
		t.Error(line)
	}
	for _, markdown := range []bool{false, true} {
		var text strings.Builder
		tally.print(&text, &config{markdown: markdown, seed: 42})
		for _, want := range []string{"seed 42", "acknowledged", " 11", " 20", "flood", "1 of 1 kinds (1 more", "lost", "- earthquake", "committed"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("no %q in\n%s", want, text.String())
			}
		}
		if strings.Contains(text.String(), "|---") != markdown {
			t.Errorf("markdown: %v\n%s", markdown, text.String())
		}
	}
}
