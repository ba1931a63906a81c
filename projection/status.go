package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Status says how a projection is, wherever it runs.
type Status struct {
	Name    string
	Version int
	Live    bool // the version that is read

	groupcommit.Checkpoint               // up to here everything has taken effect, or is parked
	MovedAt                time.Time     // when it came there
	Lag                    int64         // events behind the end of the log, those counted that it does not want
	LagTime                time.Duration // since the oldest of these was committed; 0 where there is none

	Stopped bool      // it has given up, because of Error
	Error   string    // why it does not move on; empty when it does, or is at the end of the log
	ErrorAt time.Time // zero where there is none
	Parked  int       // events that it has gone on without
}

// Title is the name with the version, where there is one, as the log and the projection's subscription have it.
func (s *Status) Title() string { return title(s.Name, s.Version) }

// Status tells of all projections of this log that have ever begun and were not replaced or forgotten, by name and version.
func (r *Runner) Status(ctx context.Context) ([]Status, error) {
	const list = `
SELECT name, version, live, position, commit_id, moved_at, stopped, coalesce(error, ''), coalesce(error_at, '0001-01-01 00:00:00Z'),
       (SELECT count(*) FROM %s.parked_events e WHERE e.projection = p.name AND e.version = p.version)
FROM %s.projections p WHERE log = $1 ORDER BY name, version`
	rows, err := r.pool.Query(ctx, r.sql(list), r.log)
	if err != nil {
		return nil, fmt.Errorf("projection: reading the checkpoints: %w", oneline.Of(err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Status, err error) {
		err = row.Scan(&s.Name, &s.Version, &s.Live, &s.Position, &s.CommitID, &s.MovedAt, &s.Stopped, &s.Error, &s.ErrorAt, &s.Parked)
		s.MovedAt, s.ErrorAt = s.MovedAt.UTC(), s.ErrorAt.UTC()
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("projection: reading the checkpoints: %w", oneline.Of(err))
	}
	end, err := r.source.End(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := r.addLag(ctx, &all[i], end.Position); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r *Runner) addLag(ctx context.Context, s *Status, end int64) error {
	s.Lag = max(end-s.Position, 0)
	if s.Lag == 0 && !s.Stopped { // an error that has passed: nothing has moved since, and nothing had to
		s.Error, s.ErrorAt = "", time.Time{}
	}
	if s.Lag == 0 {
		return nil
	}
	for event, err := range r.source.ReadAll(ctx, groupcommit.After(s.Position), groupcommit.Limit(1)) {
		if err != nil {
			return err
		}
		s.LagTime = max(time.Since(event.RecordedAt), 0)
	}
	return nil
}
