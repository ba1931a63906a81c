package main

import (
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// withID and withoutID are numbers of commands.
const (
	withID    = 3
	withoutID = 4
)

func TestHistory(t *testing.T) {
	h := newHistory(newRecovery(), 2)
	submit := func(submitter, order int, command uint64) oracle.Attempt {
		a := oracle.Attempt{Submitter: submitter, Order: order, Command: command, Submitted: 1}
		h.add(1, &report{Attempts: []oracle.Attempt{a}})
		return a
	}
	tell := func(a oracle.Attempt, v oracle.Verdict, duplicate bool) {
		a.Told, a.Verdict, a.Result = 2, v, groupcommit.Result{Duplicate: duplicate}
		h.add(1, &report{Attempts: []oracle.Attempt{a}})
	}
	submit(5, 0, withID)
	submit(5, 1, withoutID)
	submit(6, 0, withID+3) // of another process
	tell(submit(5, 2, withID+6), oracle.Succeeded, false)
	tell(submit(5, 3, withID+6), oracle.Succeeded, true)
	tell(submit(5, 4, withoutID+3), oracle.Conflicted, false)
	tell(submit(5, 5, withoutID+6), oracle.NotWritten, false)
	tell(submit(5, 6, withoutID+9), oracle.Unknown, false)
	h.add(0, &report{Settled: "committed", Oddities: []string{"odd"}, Sight: &sight{Look: oracle.Look{End: 7}}})

	if got, want := h.count(), (verdicts{Submitted: 8, Acked: 1, Duplicates: 1, Conflicts: 1, NotWritten: 1, Unknown: 1}); got != want || got.untold() != 3 {
		t.Errorf("%+v, of which %d untold; want %+v", got, got.untold(), want)
	}
	if n := h.untold(5, 6); n != 2 {
		t.Errorf("%d untold", n)
	}
	again := map[uint64]bool{}
	for _, a := range h.again(5, 6) {
		again[a.Command] = true
	}
	if len(again) != 2 || !again[withID] || !again[withID+6] {
		t.Errorf("submitted again: %v", again)
	}
	if o := h.forOracle(); len(o.Attempts) != 8 || len(o.Looks) != 1 || o.Looks[0].End != 7 {
		t.Errorf("%+v", o)
	}
	if h.settled["committed"] != 1 || len(h.oddities) != 1 || h.acked[0] != 0 || h.acked[1] != 2 {
		t.Errorf("%v %v %v", h.settled, h.oddities, h.acked)
	}
}

func TestRecovery(t *testing.T) {
	r := newRecovery()
	if n, _, _ := r.figures(); n != 0 {
		t.Error(n)
	}
	r.acknowledged(0, now()) // nobody has waited
	r.ready([]int{0, 1, 2})
	since := r.since[0]
	r.acknowledged(0, since-1) // told before
	r.acknowledged(0, since+int64(time.Second))
	r.acknowledged(0, since+int64(time.Hour)) // not the first
	r.acknowledged(1, r.since[1]+int64(3*time.Second))
	r.gone(2)
	r.acknowledged(2, since+int64(time.Hour))
	if n, median, longest := r.figures(); n != 2 || median != 3*time.Second || longest != 3*time.Second {
		t.Errorf("%d times, %v, %v", n, median, longest)
	}
}
