package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/internal/oracle"
)

// tally is the figures of a run.
type tally struct {
	mu sync.Mutex // guards all below

	now      *history // of the round that goes on
	verdicts verdicts // of those before
	cuts     int      // of the sweep
	rounds   int
	events   int
	commits  int64

	faults  map[string]int
	missed  int // faults that found nothing to befall
	settled map[string]int

	recoveries      int
	median, longest time.Duration

	zeros     map[string]int // what must be 0
	order     []string       // of zeros
	examples  []string
	notTested []string
}

// What must be 0, beside what the oracle finds and what the whole log is asked for.
const (
	altered    = "altered data"
	skips      = "skips of readers"
	odd        = "verdicts without a reason"
	unresolved = "futures unresolved"
	leaked     = "processes with leaked goroutines"
	starved    = "writers without progress"
)

func newTally() *tally {
	t := &tally{faults: map[string]int{}, settled: map[string]int{}, zeros: map[string]int{}}
	for _, kind := range oracle.Kinds {
		t.wrong(string(kind), 0)
	}
	for _, what := range []string{altered, skips, odd, unresolved, leaked, starved} {
		t.wrong(what, 0)
	}
	return t
}

// maxExamples is how many findings are told in full.
const maxExamples = 20

// wrong notes how often something was found that must not be, with examples.
func (t *tally) wrong(what string, count int, examples ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.zeros[what]; !known {
		t.order = append(t.order, what)
	}
	t.zeros[what] += count
	for _, example := range examples {
		if len(t.examples) < maxExamples {
			t.examples = append(t.examples, what+": "+example)
		}
	}
}

func (t *tally) begin(h *history) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = h
}

// befell takes in what a fault has come to.
func (t *tally) befell(fault string, missed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if missed {
		t.missed++
	} else {
		t.faults[fault]++
	}
}

// leave takes in how a writer has ended.
func (t *tally) leave(m *member) {
	t.mu.Lock()
	t.commits += m.farewell.Commits
	t.mu.Unlock()
	if m.farewell.Leak != "" {
		t.wrong(leaked, 1, m.farewell.Leak)
	}
}

// end takes in a round that is over.
func (t *tally) end(h *history, log digests) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = nil
	t.rounds++
	t.events += len(log.sums) - 1
	t.verdicts.add(h.count())
	for how, n := range h.settled {
		t.settled[how] += n
	}
}

// judge notes what was wrong in a round.
func (t *tally) judge(h *history, findings []oracle.Finding, log digests) {
	for _, f := range findings {
		t.wrong(string(f.Kind), 1, f.String())
	}
	for i := range h.sights {
		if s := &h.sights[i]; !log.saw(s) {
			t.wrong(skips, 1, fmt.Sprintf("up to position %d: %s", s.End, s.Skip))
		}
	}
	t.wrong(odd, len(h.oddities), h.oddities...)
	for slot, acked := range h.acked {
		if acked == 0 {
			t.wrong(starved, 1, fmt.Sprintf("writer %d, in round %d", slot, t.rounds))
		}
	}
}

// injected is how many faults there were.
func (t *tally) injected() (n int) {
	for count := range maps.Values(t.faults) {
		n += count
	}
	return n
}

// line is how things stand.
func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.verdicts
	if t.now != nil {
		v.add(t.now.count())
	}
	return fmt.Sprintf("%9d acknowledged  %8d conflicts  %6d not written  %4d unknown  %4d faults  %d wrong",
		v.Acked, v.Conflicts, v.NotWritten, v.Unknown, t.injected(), t.found())
}

// found is how much is wrong.
func (t *tally) found() (n int) {
	for count := range maps.Values(t.zeros) {
		n += count
	}
	return n
}

// verdict is an error when anything is wrong.
func (t *tally) verdict() error {
	var lines []string
	for _, what := range t.order {
		if n := t.zeros[what]; n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %d", what, n))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New("what must be 0 is not\n" + strings.Join(append(lines, t.examples...), "\n"))
}

// kindsOfFaults are those that happened, the most frequent first.
func (t *tally) kindsOfFaults() []string {
	return slices.SortedFunc(maps.Keys(t.faults), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.faults[b], t.faults[a]), strings.Compare(a, b))
	})
}
