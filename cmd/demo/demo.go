package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/workload"
)

var errInterrupted = errors.New("interrupted")

// cleanupTimeout bounds what is done after the last run, whether or not the demo was interrupted.
const cleanupTimeout = 30 * time.Second

// demo is one run of the program. It belongs to one goroutine.
type demo struct {
	config *config
	out    *terminal
	report report
	meter  meter

	projections *projections
}

func newDemo(c *config, out *terminal) *demo {
	return &demo{config: c, out: out, report: newReport()}
}

// demonstrate runs the demo.
func demonstrate(ctx context.Context, c *config, out *terminal) error {
	return newDemo(c, out).run(ctx)
}

// run does everything: a server, a schema, the workloads, the audit, the report. When ctx ends the run that is under way is finished, no
// other begins, and errInterrupted is returned after the report.
func (d *demo) run(ctx context.Context) (err error) {
	d.out.printTitle()
	if err := d.config.checkReport(); err != nil {
		return err
	}
	server, err := openServer(ctx, d.config, d.out)
	if err != nil {
		return interruption(ctx, err)
	}
	defer func() { err = errors.Join(err, server.close()) }()
	d.report.PostgreSQL = server.facts
	d.out.printServer(server)

	store, err := groupcommit.Open(ctx, d.storeConfig(server))
	if err != nil {
		return interruption(ctx, err)
	}
	defer func() { err = errors.Join(err, closeStore(store)) }()
	if d.projections, err = startProjections(ctx, store, server.url, server.facts.Schema); err != nil {
		return interruption(ctx, err)
	}
	err = d.workloads(ctx, store)
	return errors.Join(err, d.projections.close())
}

func (d *demo) storeConfig(s *server) groupcommit.Config {
	c := d.config.storeConfig(s)
	c.Hooks.Committed = d.meter.committed
	return c
}

// workloads runs everything on a store, prints as it goes, and writes the report whatever happens.
func (d *demo) workloads(ctx context.Context, store *groupcommit.Store) error {
	scenario := newScenario(d.config, store)
	failed := scenario.preload.Run(ctx, scenario.receipts)
	if failed == nil {
		_, failed = d.projections.catchUp(ctx)
	}
	if failed == nil {
		failed = d.allSeries(ctx, scenario)
		failed = errors.Join(failed, d.audit(context.WithoutCancel(ctx), store, scenario))
	}
	d.report.finish(ctx.Err() != nil)
	d.out.printEnd(&d.report)
	if d.config.Report != "" {
		failed = errors.Join(failed, d.report.write(d.config.Report))
	}
	return interruption(ctx, failed)
}

// allSeries runs until everything was run, ctx has ended, or something has failed.
func (d *demo) allSeries(ctx context.Context, scenario *scenario) error {
	d.out.printHead()
	var before *series
	for i := range scenario.series {
		s := &scenario.series[i]
		if ctx.Err() != nil {
			return nil
		}
		d.out.printSeries(s, before)
		before = s
		if err := d.runSeries(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// runSeries makes the runs of a series, each when the read models have caught up with the one before.
func (d *demo) runSeries(ctx context.Context, s *series) (err error) {
	entry := d.report.add(s)
	for _, clients := range s.clients {
		if ctx.Err() != nil {
			break
		}
		result := d.drive(ctx, s, clients)
		run := entry.add(s, &result, d.meter.take())
		d.out.printRun(run)
		if result.Err != nil {
			return fmt.Errorf("%s with %d clients: %d commands failed, one of them with: %w", s.name, clients, result.Errors, result.Err)
		}
		if run.ReadModels, err = d.projections.catchUp(ctx); err != nil {
			return fmt.Errorf("%s with %d clients: the read models do not catch up: %w", s.name, clients, err)
		}
	}
	d.out.printLags(entry.lags())
	return nil
}

// drive makes one run and shows its progress.
func (d *demo) drive(ctx context.Context, s *series, clients int) workload.Result {
	ctx, cancel := context.WithTimeout(ctx, d.config.RunFor)
	defer cancel()
	var done atomic.Int64
	begun := time.Now()
	progress := func() (float64, string) {
		n, passed := int(done.Load()), time.Since(begun)
		share := max(float64(n)/float64(s.commands), float64(passed)/float64(d.config.RunFor))
		return share, fmt.Sprintf("%s  %s  %s ", s.name, plural(clients, "client"), plural(n, "command"))
	}
	load := workload.Load{Clients: clients, Commands: s.commands, Each: func() { done.Add(1) }}
	result, _ := whileShowing(d.out, progress, func() (workload.Result, error) { return workload.Drive(ctx, load, s.do), nil })
	return result
}

// audit reads the log back, when the read models have caught up.
func (d *demo) audit(ctx context.Context, store *groupcommit.Store, scenario *scenario) error {
	total := float64(scenario.receipts.Events())
	var read atomic.Int64
	log := func(yield func(groupcommit.RecordedEvent, error) bool) {
		for event, err := range store.ReadAll(ctx) {
			read.Add(1)
			if !yield(event, err) {
				return
			}
		}
	}
	progress := func() (float64, string) { return float64(read.Load()) / total, "reading the log back" }
	replays, failed := d.projections.replays(ctx)
	invariants := slices.Concat(scenario.invariants, []workload.Invariant{scenario.receipts.Kept()}, replays)
	audit, err := whileShowing(d.out, progress, func() (*auditReport, error) { return runAudit(log, invariants) })
	if err != nil {
		return errors.Join(failed, err)
	}
	d.report.Audit = audit
	return errors.Join(failed, audit.verify(ctx, store), audit.violation())
}

// interruption puts errInterrupted in the place of what an ended context has led to, but not of a failure of its own.
func interruption(ctx context.Context, err error) error {
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return errInterrupted
	}
	return err
}

func closeStore(store *groupcommit.Store) error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	return store.Close(ctx)
}
