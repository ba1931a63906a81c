package workload

import (
	"iter"

	"github.com/groupcommit/groupcommit"
)

// Invariant is something that holds for the log as a whole. It belongs to one Audit.
type Invariant interface {
	// String says in a few words what holds.
	String() string
	// See is shown every event in the order of the log. It tells what is wrong there, and then sees no more.
	See(e *groupcommit.RecordedEvent) error
	// End tells what is wrong after the last one.
	End() error
}

// Finding is the verdict on an invariant.
type Finding struct {
	Invariant Invariant
	Err       error // the first violation; nil: it holds
}

// Audit reads a log to its end and gives its length and a finding for each invariant. It fails when the log cannot be read.
func Audit(log iter.Seq2[groupcommit.RecordedEvent, error], invariants ...Invariant) (events int, findings []Finding, err error) {
	findings = make([]Finding, len(invariants))
	for event, err := range log {
		if err != nil {
			return events, nil, err
		}
		events++
		for i, invariant := range invariants {
			if findings[i].Err == nil {
				findings[i].Err = invariant.See(&event)
			}
		}
	}
	for i, invariant := range invariants {
		findings[i].Invariant = invariant
		if findings[i].Err == nil {
			findings[i].Err = invariant.End()
		}
	}
	return events, findings, nil
}
