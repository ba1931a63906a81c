package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
)

// Source is a log to read: a *groupcommit.Store or a *groupcommit.Reader.
type Source interface {
	SubscribeBatches(ctx context.Context, after int64, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.Batch, error]
	ReadAll(ctx context.Context, options ...groupcommit.ReadOption) iter.Seq2[groupcommit.RecordedEvent, error]
	End(ctx context.Context) (groupcommit.Checkpoint, error)
	LogID(ctx context.Context) (uuid.UUID, error)
}

// Config of a Runner.
type Config struct {
	// Pool leads to the database of the read models: direct, or through a pooler that keeps sessions. Each member that runs, or waits for its turn to,
	// takes one connection out of the pool for itself, which then no longer counts as the pool's.
	Pool *pgxpool.Pool

	Schema  string       // of the tables of this package; defaults to DefaultSchema
	Migrate bool         // bring them up to date, as the function Migrate does
	Logger  *slog.Logger // hears of failures; defaults to discarding
}

// Runner runs projections on a log, and knows how far they have come. Its methods may be called by any number of goroutines.
type Runner struct {
	config   Config
	pool     *pgxpool.Pool
	source   Source
	log      uuid.UUID // the identity of the source
	schema   string    // quoted
	progress progress
}

// NewRunner makes a Runner. It returns an *InvalidError, a *groupcommit.SchemaError when the tables are not as needed, or an error of
// a database. It holds nothing that is to be released.
func NewRunner(ctx context.Context, source Source, config Config) (*Runner, error) {
	switch {
	case source == nil:
		return nil, &InvalidError{"source", "a runner needs a log to read: a Store or a Reader"}
	case config.Pool == nil:
		return nil, &InvalidError{"Config.Pool", "a runner needs the pool of a database for the read models"}
	}
	config.Schema = cmp.Or(config.Schema, DefaultSchema)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{config: config, pool: config.Pool, source: source, schema: pgx.Identifier{config.Schema}.Sanitize()}
	if config.Migrate {
		if err := Migrate(ctx, config.Pool, config.Schema); err != nil {
			return nil, err
		}
	}
	if err := r.checkSchema(ctx); err != nil {
		return nil, err
	}
	var err error
	if r.log, err = source.LogID(ctx); err != nil {
		return nil, fmt.Errorf("projection: which log it is: %w", err)
	}
	return r, nil
}

// Run runs its members, each by itself, until ctx ends and all have returned, and then returns nil. When one stops for good, the others go on; its
// error is logged and stands in Status at once, and is returned at the end: a *StoppedError, ErrReplaced, or groupcommit.ErrClosed. None, or members that
// cannot be run as they are, or not together, are refused with an *InvalidError before anything runs; so is one, then, whose name another kind of member
// has, or a projection of another log in the same schema.
func (r *Runner) Run(ctx context.Context, members ...Member) error {
	if len(members) == 0 {
		return &InvalidError{"members", "there are none, and so nothing to run"}
	}
	tasks, err := tasksOf(members)
	if err != nil {
		return err
	}
	ended := make([]error, len(tasks))
	var wg sync.WaitGroup
	for i := range tasks {
		wg.Go(func() { ended[i] = r.run(ctx, &tasks[i]) })
	}
	wg.Wait()
	return errors.Join(ended...)
}
