package main

import (
	"sync"

	"github.com/groupcommit/groupcommit/internal/oracle"
)

// history gathers what the writers of a round report.
type history struct {
	recovery *recovery

	mu       sync.Mutex // guards all below
	attempts map[call]oracle.Attempt
	sights   []sight
	oddities []string
	settled  map[string]int
	verdicts verdicts
	acked    []int // of each writer
}

// call is a call of Submit.
type call struct{ submitter, order int }

func newHistory(recovery *recovery, writers int) *history {
	return &history{recovery: recovery, attempts: map[call]oracle.Attempt{}, settled: map[string]int{}, acked: make([]int, writers)}
}

// add takes in what a writer reports.
func (h *history) add(slot int, r *report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range r.Attempts {
		a := &r.Attempts[i]
		h.attempts[call{a.Submitter, a.Order}] = *a
		h.verdicts.count(a)
		if a.Verdict == oracle.Succeeded {
			h.acked[slot]++
			h.recovery.acknowledged(slot, a.Told)
		}
	}
	h.oddities = append(h.oddities, r.Oddities...)
	if r.Settled != "" {
		h.settled[r.Settled]++
	}
	if r.Sight != nil {
		h.sights = append(h.sights, *r.Sight)
	}
}

// again are commands for a writer that takes the place of one that was killed: those whose verdict nobody has heard, of the submitters from
// one number to another, and some that other submitters know to have taken effect.
func (h *history) again(from, to int) (again []oracle.Attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	others := 0
	for c, a := range h.attempts {
		switch {
		case !identified(a.Command):
		case c.submitter >= from && c.submitter < to && a.Told == 0:
			again = append(again, a)
		case a.Verdict == oracle.Succeeded && others < 20:
			again = append(again, a)
			others++
		}
	}
	return again
}

// untold is how many attempts of the submitters from one number to another have had no verdict.
func (h *history) untold(from, to int) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, a := range h.attempts {
		if c.submitter >= from && c.submitter < to && a.Told == 0 {
			n++
		}
	}
	return n
}

// forOracle is the history as the oracle takes it.
func (h *history) forOracle() (o oracle.History) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.attempts {
		o.Attempts = append(o.Attempts, a)
	}
	for i := range h.sights {
		o.Looks = append(o.Looks, h.sights[i].Look)
	}
	return o
}

// count is what the clients were told so far.
func (h *history) count() verdicts {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.verdicts
}
