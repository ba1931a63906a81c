package pg

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// maxMoved is how many events of others a Look reads to tell which streams moved. Beyond, all is looked up anew as it is needed.
const maxMoved = 10_000

// lookSQL is the version check: where the log ends, whether what the caller knows is still part of it, what has changed since,
// and the versions of any number of streams, in one statement and so in one snapshot. Per stream it is one step down an index.
// Where nothing that the caller knows says so, it asks which log this is.
const lookSQL = `
WITH log_end AS (
	SELECT last, commit_id, committed_at FROM %[1]s.commits ORDER BY last DESC LIMIT 1
), since AS (
	SELECT EXISTS (SELECT FROM %[1]s.commits WHERE last = $1 AND commit_id = $2) AS present
), asked AS (
	SELECT coalesce(array_agg(coalesce(v.version, 0) ORDER BY s.n), '{}') AS versions
	FROM unnest($3::text[]) WITH ORDINALITY AS s (name, n)
	LEFT JOIN LATERAL (
		SELECT version FROM %[1]s.events WHERE stream = s.name COLLATE "C" ORDER BY version DESC LIMIT 1
	) v ON true
), changed AS (
	SELECT stream, max(version) AS version FROM %[1]s.events
	WHERE position > $1::bigint AND position <= $1::bigint + $4::bigint AND $2::uuid <> '00000000-0000-0000-0000-000000000000'
	GROUP BY stream
), moved AS (
	SELECT coalesce(array_agg(stream), '{}') AS streams, coalesce(array_agg(version), '{}') AS versions FROM changed
)
SELECT log_end.last, log_end.commit_id, log_end.committed_at,
	since.present, CASE WHEN NOT since.present THEN (SELECT commit_id FROM %[1]s.commits WHERE previous = -1) END,
	asked.versions, moved.streams, moved.versions
FROM log_end, since, asked, moved`

const recordsSQL = `SELECT command_id, fingerprint, first, last, versions, committed_at FROM %s.command_ids WHERE command_id = ANY($1)`

// Look implements committer.Log.
func (s *Store) Look(ctx context.Context, query committer.Query) (committer.Snapshot, error) {
	conn, err := s.looker.get(ctx)
	if err != nil {
		return committer.Snapshot{}, nothingWritten(err)
	}
	defer s.looker.lose()
	snapshot, err := s.look(ctx, conn, &query)
	if err != nil {
		return committer.Snapshot{}, nothingWritten(err)
	}
	return snapshot, nil
}

func (s *Store) look(ctx context.Context, conn *pgx.Conn, query *committer.Query) (committer.Snapshot, error) {
	snapshot, err := s.scanLook(conn.QueryRow(ctx, s.lookSQL, lookArguments(query)...), query)
	if err == nil && len(query.IDs) > 0 {
		snapshot.Records, err = s.records(ctx, conn, query.IDs)
	}
	return snapshot, err
}

func lookArguments(query *committer.Query) []any {
	asked := query.Streams
	if asked == nil {
		asked = []string{}
	}
	return []any{query.Since.Position, query.Since.Commit, asked, maxMoved}
}

func (s *Store) scanLook(row pgx.Row, query *committer.Query) (snapshot committer.Snapshot, err error) {
	var present bool
	var origin uuid.NullUUID
	var streams []string
	var versions []int64
	err = row.Scan(&snapshot.End.Position, &snapshot.End.Commit, &snapshot.EndTime, &present, &origin, &snapshot.Versions, &streams, &versions)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return snapshot, &committer.Failure{Class: committer.Replaced, Row: -1, Err: errors.New("table commits is empty")}
	case err != nil:
		return snapshot, err
	case !present && origin.UUID != s.origin:
		return snapshot, &committer.Failure{
			Class: committer.Replaced, Row: -1, Err: fmt.Errorf("it is another log, which begins with commit %s and not with %s", origin.UUID, s.origin),
		}
	case !present && query.Since != (committer.Point{}):
		return snapshot, &committer.Failure{
			Class: committer.Lost, Row: -1, Err: fmt.Errorf("no commit %s ends at position %d, and the log ends with %s at position %d",
				query.Since.Commit, query.Since.Position, snapshot.End.Commit, snapshot.End.Position),
		}
	}
	snapshot.EndTime = snapshot.EndTime.UTC()
	snapshot.Forgotten = snapshot.End.Position-query.Since.Position > maxMoved && query.Since.Commit != uuid.Nil
	if !snapshot.Forgotten {
		for i := range streams {
			snapshot.Moved = append(snapshot.Moved, command.StreamVersion{Stream: streams[i], Version: versions[i]})
		}
	}
	return snapshot, nil
}

// records reads the results of commands. It runs after the look and so may see more than that: a record that it finds is true.
func (s *Store) records(ctx context.Context, conn *pgx.Conn, ids []uuid.UUID) (map[uuid.UUID]committer.Record, error) {
	rows, err := conn.Query(ctx, s.recordsSQL, ids)
	if err != nil {
		return nil, err
	}
	records := make(map[uuid.UUID]committer.Record)
	var r committer.Record
	var fingerprint []byte
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &fingerprint, &r.First, &r.Last, &r.Versions, &r.CommittedAt}, func() error {
		copy(r.Fingerprint[:], fingerprint)
		r.CommittedAt = r.CommittedAt.UTC()
		records[r.ID] = r
		r.Versions = nil
		return nil
	})
	return records, err
}

// Successor implements committer.Log.
func (s *Store) Successor(ctx context.Context, position int64) (id uuid.UUID, found bool, err error) {
	conn, err := s.looker.get(ctx)
	if err != nil {
		return uuid.Nil, false, err
	}
	defer s.looker.lose()
	err = conn.QueryRow(ctx, "SELECT commit_id FROM "+s.schema+".commits WHERE previous = $1", position).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, false, nil
	}
	return id, err == nil, scrub(err)
}
