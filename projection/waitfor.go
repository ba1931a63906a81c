package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// How often WaitFor looks for what other processes have done, and where the projection runs in this one.
const (
	waitPoll     = 20 * time.Millisecond
	waitPollHere = time.Second
)

// WaitFor returns when the live version of a projection has taken in everything up to a position, in whichever process it runs: what a command
// wrote can be read then, when position is its Result.Last. It returns a *StoppedError when the projection has given up before that position, and
// when ctx ends an error that wraps its cause. What runs in this process is hardly asked of the database.
func (r *Runner) WaitFor(ctx context.Context, name string, position int64) error {
	var at int64
	for pause := time.Duration(0); !r.progress.wait(ctx, name, position, pause); pause = waitPoll {
		now, err := r.liveAt(ctx, name)
		at = max(at, now)
		switch {
		case at >= position:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("projection: waiting for %s to reach position %d, it was at %d: %w", name, position, at, context.Cause(ctx))
		case err != nil:
			return err
		}
	}
	return nil
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
	}
	return position, err
}
