package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// Member is what a Runner runs: a Projection, a Handler or a MaterializedView.
type Member interface {
	task() (task, error)
}

func taskOf(member Member) (task, error) {
	if member == nil {
		return task{}, &InvalidError{"Member", "it is nil, and must be a Projection, a Handler or a MaterializedView"}
	}
	return member.task()
}

// tasksOf makes sure that no two of them share a checkpoint.
func tasksOf(members []Member) ([]task, error) {
	tasks := make([]task, 0, len(members))
	for _, member := range members {
		t, err := taskOf(member)
		if err != nil {
			return nil, err
		}
		for i := range tasks {
			if other := &tasks[i]; other.name == t.name && (other.version == t.version || other.kind != t.kind) {
				return nil, &InvalidError{t.kind + ".Name", fmt.Sprintf("there are two members of the name %q: each needs a name of its own", t.name)}
			}
		}
		tasks = append(tasks, t)
	}
	for i := range tasks {
		t := &tasks[i]
		t.beside = slices.ContainsFunc(tasks, func(other task) bool { return other.name == t.name && other.version < t.version })
	}
	return tasks, nil
}

// Projection keeps a read model in the database of the Runner.
type Projection struct {
	// Name is that of the read model, the same in all processes.
	Name string

	// Version of the read model, 0 or more. The first of a name is live: the one that is read, and that WaitFor waits for. A higher one is built from the
	// start of the log, beside it, and so Apply must write to other tables than before, and goes on to write to these when it is live: have readers use
	// a view. Both may run until Swap, or Runner.MakeLive, puts the new one in the place of the old one, which then ends with ErrReplaced.
	Version int

	// Apply writes what follows from the events, in the order of their positions, within tx. It must not end tx, with Commit, Rollback or a statement: the
	// projection then stops. It may be called again with the same events after a failure, when what it wrote before is undone.
	Apply func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error

	// Swap is called in the transaction that makes this version live and forgets all below it, which stand still meanwhile: to let a view show its
	// tables, or to drop theirs. That is when it has caught up with the live version; where none is live, at once. It must not end tx either. Should it
	// fail, it is called again, for Attempts. A version without a Swap stays beside the live one, to be looked at first, until Runner.MakeLive.
	Swap func(ctx context.Context, tx pgx.Tx) error

	Options
}

// flushEvery is how soon a checkpoint follows where a filter lets no event through.
const flushEvery = 100 * time.Millisecond

func (p Projection) task() (task, error) {
	err := p.check(p.Name)
	switch {
	case err != nil:
	case p.Apply == nil:
		err = &InvalidError{"Projection.Apply", "it is what is to be done with the events"}
	case p.Version < 0:
		err = &InvalidError{"Projection.Version", "it is 0 or more"}
	}
	return task{
		kind: "Projection", name: p.Name, version: p.Version, options: p.withDefaults(), apply: p.Apply, swap: p.Swap, saveEvery: flushEvery,
	}, err
}

// Handler has effects outside of the database, at least once: after a failure it may see events again whose checkpoint was not saved yet.
type Handler struct {
	Name string // the same in all processes

	// Handle does what is to be done on the events, which are in the order of their positions. It has Timeout for it, and should return when ctx ends:
	// meanwhile another process may have the turn.
	Handle func(ctx context.Context, events []groupcommit.RecordedEvent) error

	// The checkpoint is saved after CheckpointEvents events (defaults to 1,000), after CheckpointEvery (1 s), and at the end.
	CheckpointEvents int
	CheckpointEvery  time.Duration

	Options
}

func (h Handler) task() (task, error) {
	err := h.check(h.Name)
	switch {
	case err != nil:
	case h.Handle == nil:
		err = &InvalidError{"Handler.Handle", "it is what is to be done with the events"}
	case h.CheckpointEvents < 0 || h.CheckpointEvery < 0:
		err = &InvalidError{"Handler.CheckpointEvents, CheckpointEvery", "they are not negative"}
	}
	return task{
		kind: "Handler", name: h.Name, options: h.withDefaults(), handle: h.Handle,
		saveEvents: cmp.Or(h.CheckpointEvents, 1000), saveEvery: cmp.Or(h.CheckpointEvery, time.Second),
	}, err
}

// MaterializedView refreshes a materialized view of the Runner's database when there are new events. The view must have a unique index, so that it
// can be read meanwhile (REFRESH MATERIALIZED VIEW CONCURRENTLY), and belong to the role. Its checkpoint tells how fresh it is. A refresh has Attempts,
// too, as where there is no such view, and then the view stops.
type MaterializedView struct {
	Name  string        // the same in all processes
	View  string        // the view, with its schema: "shop.revenue"
	Every time.Duration // it is refreshed at most this often; defaults to 10 s

	Options
}

func (v MaterializedView) task() (task, error) {
	err := v.check(v.Name)
	switch {
	case err != nil:
	case v.View == "":
		err = &InvalidError{"MaterializedView.View", "it is the name of the view"}
	case v.Every < 0:
		err = &InvalidError{"MaterializedView.Every", "it is not negative"}
	case v.OnFailure != Stop:
		err = &InvalidError{"MaterializedView.OnFailure", "it is no single event that a refresh fails on: only Stop has a meaning"}
	}
	v.Timeout = cmp.Or(v.Timeout, 5*time.Minute)
	view := pgx.Identifier(strings.Split(v.View, ".")).Sanitize()
	return task{
		kind: "MaterializedView", name: v.Name, options: v.withDefaults(), saveEvery: cmp.Or(v.Every, 10*time.Second),
		refresh: func(ctx context.Context, tx pgx.Tx) error { return refresh(ctx, tx, view) },
	}, err
}

// refresh runs beside readers, unless the view was never filled.
func refresh(ctx context.Context, tx pgx.Tx, view string) error {
	filled, err := checkView(ctx, tx, view)
	if err != nil {
		return err
	}
	how := ""
	if filled {
		how = "CONCURRENTLY "
	}
	_, err = tx.Exec(ctx, "REFRESH MATERIALIZED VIEW "+how+view)
	return err
}

// checkView makes sure that a view can be refreshed beside readers, and says what it lacks in other words than the server, which keeps them for a hint.
func checkView(ctx context.Context, tx pgx.Tx, view string) (filled bool, err error) {
	const look = `
SELECT relkind = 'm', relispopulated,
       EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL)
FROM pg_class c WHERE oid = to_regclass($1)`
	var materialized, indexed bool
	err = tx.QueryRow(ctx, look, view).Scan(&materialized, &filled, &indexed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, fmt.Errorf("there is no %s: create it, with a unique index, or say its schema", view)
	case err != nil:
		return false, err
	case !materialized:
		return false, fmt.Errorf("%s is no materialized view", view)
	case !indexed:
		return false, fmt.Errorf("%s needs a unique index, on columns and without a WHERE: it could not be read while it is refreshed", view)
	}
	return filled, nil
}
