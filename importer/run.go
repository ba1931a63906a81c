package importer

import (
	"context"
	"errors"
	"fmt"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Report is what a run came to.
type Report struct {
	Events   int64  // that are in the log now, of those behind Options.After
	Repeated int64  // of Events: that an earlier run had written
	Cursor   string // of the last of them, to go on behind; Options.After when there are none
}

// Run appends the events of a source to the store and returns when all of them are written. It returns an *InvalidError, an *EventError, a
// *CommandError, the error of the source, or that of ctx, and with each a report: all up to its Cursor is written. Some of what is behind it
// may be, or may still be when Run returns: to run it again is safe. No two runs under one Name should be under way at a time; they would
// write nothing twice, but the order would be lost where Version is not told.
func Run(ctx context.Context, store *groupcommit.Store, source Source, options Options) (Report, error) {
	options = options.withDefaults()
	report := Report{Cursor: options.After}
	if err := check(store, source, &options); err != nil {
		return report, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // withdraws what is queued behind a failure
	r := &run{store: store, options: options, cursor: options.After, report: report}
	err := r.all(ctx, source)
	return r.report, err
}

func check(store *groupcommit.Store, source Source, options *Options) error {
	switch {
	case store == nil:
		return &InvalidError{"store", "it is nil, and an import needs one to write to"}
	case source == nil:
		return &InvalidError{"source", "it is nil, and an import needs one to read from"}
	}
	return options.check()
}

// run is an import under way, in one goroutine.
type run struct {
	store   *groupcommit.Store
	options Options
	cursor  string // of the last record that was read
	group   group  // being filled
	pending []pending
	written int // commands that this run has written since one that an earlier run had
	report  Report
}

// pending is a command that has no verdict yet, as far as we know.
type pending struct {
	group  group
	future *groupcommit.Future
}

func (r *run) all(ctx context.Context, source Source) error {
	for record, err := range source.After(ctx, r.options.After) {
		if err != nil {
			return r.end(ctx, ofSource(err))
		}
		if err := r.take(ctx, record); err != nil {
			return err
		}
	}
	for !r.group.empty() {
		if err := r.submit(ctx); err != nil {
			return err
		}
	}
	return r.settle(ctx, 0)
}

// ofSource is an error of the source, which says so where it does not name an event.
func ofSource(err error) error {
	if _, named := errors.AsType[*EventError](err); named {
		return err
	}
	return fmt.Errorf("importer: the source: %w", oneline.Of(err))
}

func (r *run) take(ctx context.Context, record Record) error {
	bad := func(err error) error { return r.end(ctx, &EventError{record.Cursor, record.Stream, err}) }
	if record.Cursor == "" || record.Cursor == r.cursor {
		return bad(errors.New("its cursor is empty, or that of the event before it"))
	}
	r.cursor = record.Cursor
	metadata, err := withTime(record.Event.Metadata, record.OccurredAt)
	if err != nil {
		return bad(err)
	}
	record.Event.Metadata = metadata
	for !r.group.takes(&record, &r.options) { // again where events of the group are left
		if err := r.submit(ctx); err != nil {
			return err
		}
	}
	if err := r.group.check(&record); err != nil {
		return bad(err)
	}
	r.group.add(record)
	return nil
}

// submit hands in the group that is filled. What is refused at once is the last command.
func (r *run) submit(ctx context.Context) error {
	g := r.group
	r.group = group{}
	future := r.store.Submit(ctx, g.command(r.options.Name))
	r.pending = append(r.pending, pending{g, future})
	most := r.inFlight() - 1
	if _, err := future.Result(); err != nil && !errors.Is(err, groupcommit.ErrPending) {
		most = 0
	}
	err := r.settle(ctx, most)
	if events := g.taken(r.options.Name, err); events > 0 {
		return r.divide(ctx, &g, events)
	}
	return err
}

// divide takes a group for what an earlier run has made of its first events: the last command of a source that has grown since. The other events are
// the beginning of the next one, as they were for whoever went on behind that command.
func (r *run) divide(ctx context.Context, g *group, events int) error {
	r.pending = nil // it was the last one
	r.group = groupOf(g.records[:events])
	if err := r.submit(ctx); err != nil {
		return err
	}
	r.group = groupOf(g.records[events:])
	return nil
}

// inFlight is one as long as there may be commands that an earlier run has written: up to InFlight of them may stand behind one that it has not. If the
// source or the limits are others than then, the first command to show it is the last one, and nothing is written again behind it under another ID.
func (r *run) inFlight() int {
	if r.written >= r.options.InFlight {
		return r.options.InFlight
	}
	return 1
}

// settle waits until no more than so many commands have no verdict, in order.
func (r *run) settle(ctx context.Context, most int) error {
	for len(r.pending) > most {
		oldest := r.pending[0]
		result, err := oldest.future.Wait(ctx)
		if err != nil {
			return oldest.group.blame(err)
		}
		r.pending[0] = pending{}
		r.pending = r.pending[1:]
		events := int64(len(oldest.group.records))
		r.report.Events += events
		if result.Duplicate {
			r.report.Repeated += events
			r.written = 0
		} else {
			r.written++
		}
		r.report.Cursor = oldest.group.last().Cursor
		r.options.Progress(r.report.Events, r.report.Cursor)
	}
	return nil
}

// end is the error of an import that cannot go on, once what was handed in before is settled. The group that is being filled is given up: its
// command would be another one when it is read again.
func (r *run) end(ctx context.Context, err error) error {
	if failed := r.settle(ctx, 0); failed != nil {
		return failed
	}
	return err
}
