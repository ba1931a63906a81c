package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// findStateSQL asks for a snapshot whose last event stands in the log as it did, and for the end of the log in any case. That no other commit
// has the time of this one at its place makes the event's history the same, too.
const findStateSQL = `
SELECT log_end.last, log_end.commit_id, coalesce(s.version, 0), s.event_id, s.state
FROM (SELECT last, commit_id FROM %[1]s.commits ORDER BY last DESC LIMIT 1) log_end
LEFT JOIN (
	%[1]s.snapshots s JOIN %[1]s.events e
	ON e.stream = s.stream AND e.version = s.version AND e.event_id = s.event_id AND e.recorded_at = s.recorded_at
) ON s.stream = $1 AND s.decider = $2 AND s.decider_version = $3`

// FindState implements committer.SnapshotStore.
func (r *Reader) FindState(ctx context.Context, key committer.SnapshotKey) (found committer.StateSnapshot, err error) {
	found.SnapshotKey = key
	var eventID uuid.NullUUID
	err = r.row(ctx, fmt.Sprintf(findStateSQL, r.schema), []any{key.Stream, key.Decider, key.DeciderVersion},
		&found.End.Position, &found.End.Commit, &found.Version, &eventID, &found.State)
	found.EventID = eventID.UUID
	return found, r.snapshotError(err)
}

// saveStateSQL replaces whatever has the key: an older snapshot is as good as a newer one, only slower, and one that is newer may be of a log that is
// no more. What lower versions have left goes, but for the last of them: while a deployment rolls, it runs beside this one.
const saveStateSQL = `
WITH outdated AS (
	DELETE FROM %[1]s.snapshots WHERE stream = $1 AND decider = $2 AND decider_version < (
		SELECT max(decider_version) FROM %[1]s.snapshots WHERE stream = $1 AND decider = $2 AND decider_version < $3
	)
)
INSERT INTO %[1]s.snapshots (stream, decider, decider_version, version, event_id, recorded_at, state)
SELECT $1, $2, $3, $4, $5::uuid, $6, $7
WHERE EXISTS (SELECT FROM %[1]s.commits WHERE last = $8 AND commit_id = $9::uuid)
ON CONFLICT (stream, decider, decider_version) DO UPDATE
SET version = excluded.version, event_id = excluded.event_id, recorded_at = excluded.recorded_at, state = excluded.state`

// SaveState implements committer.SnapshotStore.
func (s *Store) SaveState(ctx context.Context, state committer.StateSnapshot) error {
	err := s.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, fmt.Sprintf(saveStateSQL, s.schema), state.Stream, state.Decider, state.DeciderVersion, state.Version,
			state.EventID, state.RecordedAt, state.State, state.End.Position, state.End.Commit)
		return err
	})
	return s.snapshotError(err)
}

// snapshotError says what to do where the role may not use the table.
func (r *Reader) snapshotError(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "42501" {
		return &command.SchemaError{
			Schema:  r.name,
			Problem: command.SchemaPrivileges,
			Detail:  fmt.Sprintf("for snapshots the role needs a GRANT of SELECT, INSERT, UPDATE, DELETE ON %s.snapshots", r.schema),
		}
	}
	return err
}

var _ committer.SnapshotStore = (*Store)(nil)
