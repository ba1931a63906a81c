package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// auditReport says what the log looks like afterwards.
type auditReport struct {
	Events     int               `json:"events"`
	Seconds    float64           `json:"seconds"`
	Invariants []invariantReport `json:"invariants"`
}

type invariantReport struct {
	Name      string `json:"name"`
	Holds     bool   `json:"holds"`
	Violation string `json:"violation,omitempty"`
}

func runAudit(log iter.Seq2[groupcommit.RecordedEvent, error], invariants []workload.Invariant) (*auditReport, error) {
	begun := time.Now()
	events, findings, err := workload.Audit(log, invariants...)
	if err != nil {
		return nil, fmt.Errorf("reading the log back: %w", err)
	}
	audit := &auditReport{Events: events, Seconds: time.Since(begun).Seconds()}
	for _, finding := range findings {
		entry := invariantReport{Name: finding.Invariant.String(), Holds: finding.Err == nil}
		if finding.Err != nil {
			entry.Violation = finding.Err.Error()
		}
		audit.Invariants = append(audit.Invariants, entry)
	}
	return audit, nil
}

// verify adds what the store says of its log: of what a reader of events does not see, too.
func (a *auditReport) verify(ctx context.Context, store *groupcommit.Store) error {
	report, err := store.Verify(ctx)
	if err != nil {
		return fmt.Errorf("verifying the log: %w", err)
	}
	entry := invariantReport{Name: "the commits form one chain, and every event is in one of them", Holds: report.Sound()}
	if !entry.Holds {
		entry.Violation = damage(&report).Error()
	}
	a.Invariants = append(a.Invariants, entry)
	return nil
}

// violation is an error that names every invariant that does not hold, nil when all do.
func (a *auditReport) violation() error {
	var broken []error
	for _, i := range a.Invariants {
		if !i.Holds {
			broken = append(broken, fmt.Errorf("it does not hold that %s: %s", i.Name, i.Violation))
		}
	}
	return errors.Join(broken...)
}
