package projection

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
)

// Member is what a Runner runs: a Projection, a Handler or a MaterializedView.
type Member interface {
	task() (task, error)
}

// Projection keeps a read model in the database of the Runner.
type Projection struct {
	// Name is that of the read model, the same in all processes.
	Name string

	// Version of the read model, 0 or more. A higher one than the live one is built from the start of the log, beside it, and so Apply must write to
	// other tables than before. Both may run until Swap puts the new one in the place of the old one, which then ends with ErrReplaced.
	Version int

	// Apply writes what follows from the events, in the order of their positions, within tx. It does not commit. It may be called again with
	// the same events after a failure, when what it wrote before is undone.
	Apply func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error

	// Swap is called once, when this version has caught up with the live one, in the transaction that makes this version live and forgets the
	// other: to rename tables, or to let a view show the new ones. Without it the version stays beside the live one.
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
	return task{name: p.Name, version: p.Version, options: p.withDefaults(), apply: p.Apply, swap: p.Swap, saveEvery: flushEvery}, err
}

// Handler has effects outside of the database, at least once: after a failure it may see events again whose checkpoint was not saved yet.
type Handler struct {
	Name   string // the same in all processes
	Handle func(ctx context.Context, events []groupcommit.RecordedEvent) error

	// The checkpoint is saved after CheckpointEvents events (defaults to 1,000), and after CheckpointEvery (1 s).
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
		name: h.Name, options: h.withDefaults(), handle: h.Handle,
		saveEvents: cmp.Or(h.CheckpointEvents, 1000), saveEvery: cmp.Or(h.CheckpointEvery, time.Second),
	}, err
}

// MaterializedView refreshes a materialized view of the Runner's database when there are new events. The view must have a unique index, so that it
// can be read meanwhile (REFRESH MATERIALIZED VIEW CONCURRENTLY), and belong to the role. Its checkpoint tells how fresh it is.
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
	}
	v.Timeout = cmp.Or(v.Timeout, 5*time.Minute)
	view := pgx.Identifier(strings.Split(v.View, ".")).Sanitize()
	return task{
		name: v.Name, options: v.withDefaults(), saveEvery: cmp.Or(v.Every, 10*time.Second),
		refresh: func(ctx context.Context, tx pgx.Tx) error { return refresh(ctx, tx, view) },
	}, err
}

// refresh runs beside readers, unless the view was never filled.
func refresh(ctx context.Context, tx pgx.Tx, view string) error {
	var filled bool
	if err := tx.QueryRow(ctx, "SELECT relispopulated FROM pg_class WHERE oid = $1::regclass", view).Scan(&filled); err != nil {
		return err
	}
	how := ""
	if filled {
		how = "CONCURRENTLY "
	}
	_, err := tx.Exec(ctx, "REFRESH MATERIALIZED VIEW "+how+view)
	return err
}
