package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/oneline"
	"github.com/groupcommit/groupcommit/pg"
)

// How often WaitFor looks for what other processes have done, and where the projection runs in this one, or the database is out of reach.
const (
	waitPoll     = 20 * time.Millisecond
	waitPollSlow = time.Second
)

// WaitFor returns when the live version of a projection has taken in everything up to a position, in whichever process it runs: what a command
// wrote can be read then, when position is its Result.Last. It returns a *StoppedError when the projection has given up before that position, and
// when ctx ends an error that wraps its cause: it waits for a database that cannot be reached, too. What runs in this process is hardly asked of the
// database.
func (r *Runner) WaitFor(ctx context.Context, name string, position int64) error {
	var at int64
	var outage error
	for pause := time.Duration(0); !r.progress.wait(ctx, name, position, pause); {
		now, err := r.liveAt(ctx, name)
		at = max(at, now)
		switch {
		case at >= position:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("projection: waiting for %s to reach position %d, it was at %d: %w", name, position, at, endOf(ctx, outage))
		case pg.Unavailable(err):
			outage, pause = err, waitPollSlow
		case err != nil:
			return err
		default:
			outage, pause = nil, waitPoll
		}
	}
	return nil
}

// endOf is why ctx has ended, with what was waited for last.
func endOf(ctx context.Context, outage error) error {
	if outage == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w; before, %w", context.Cause(ctx), outage)
}

// liveAt is where the live version is, with a *StoppedError if it is to stay there.
func (r *Runner) liveAt(ctx context.Context, name string) (position int64, err error) {
	var version int
	var stopped bool
	var failure string
	const query = "SELECT position, version, stopped, coalesce(error, '') FROM %s.projections WHERE name = $1 AND log = $2 AND live"
	err = r.pool.QueryRow(ctx, r.sql(query), name, r.log).Scan(&position, &version, &stopped, &failure)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, nil // it may begin yet
	case err == nil && stopped:
		return position, &StoppedError{Name: name, Version: version, After: position, Err: errors.New(failure)}
	case err != nil:
		return 0, fmt.Errorf("projection: asking how far %s is: %w", name, oneline.Of(err))
	}
	return position, nil
}
