package main

import (
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
	for _, what := range []string{skips, odd, unresolved, leaked, starved} {
		t.wrong(what, 0)
	}
	return t
}

// maxExamples is how many findings are told in full.
const maxExamples = 20

// wrong notes how often something was found that must not be, with examples.
func (t *tally) wrong(what string, count int, examples ...string) {
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

func (t *tally) happened(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[fault]++
}

// leave takes in how a writer has ended.
func (t *tally) leave(m *member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.commits += m.farewell.Commits
	if m.farewell.Leak != "" {
		t.wrong(leaked, 1, m.farewell.Leak)
	}
	t.wrong(unresolved, m.history.untold(m.assignment.Submitter, m.assignment.Submitter+m.assignment.Clients))
}

// judge takes in what a round has come to.
func (t *tally) judge(h *history, findings []oracle.Finding, log digests) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = nil
	t.rounds++
	t.events += len(log.sums) - 1
	t.verdicts.add(h.verdicts)
	for how, n := range h.settled {
		t.settled[how] += n
	}
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
	if t.found() == 0 {
		return nil
	}
	return errors.New("what must be 0 is not:\n" + strings.Join(t.examples, "\n"))
}

// kindsOfFaults are those that happened, the most frequent first.
func (t *tally) kindsOfFaults() []string {
	return slices.SortedFunc(maps.Keys(t.faults), func(a, b string) int {
		return t.faults[b] - t.faults[a] + strings.Compare(a, b)/2
	})
}

// verdicts counts what clients were told.
type verdicts struct {
	Submitted, Acked, Duplicates, Conflicts, NotWritten, Unknown int
}

func (v *verdicts) add(w verdicts) {
	v.Submitted += w.Submitted
	v.Acked += w.Acked
	v.Duplicates += w.Duplicates
	v.Conflicts += w.Conflicts
	v.NotWritten += w.NotWritten
	v.Unknown += w.Unknown
}

// count takes in an attempt, which is told of when it is submitted and when it has its verdict.
func (v *verdicts) count(a *oracle.Attempt) {
	switch {
	case a.Told == 0:
		v.Submitted++
	case a.Verdict == oracle.Succeeded && a.Result.Duplicate:
		v.Duplicates++
	case a.Verdict == oracle.Succeeded:
		v.Acked++
	case a.Verdict == oracle.Conflicted:
		v.Conflicts++
	case a.Verdict == oracle.NotWritten:
		v.NotWritten++
	default:
		v.Unknown++
	}
}
