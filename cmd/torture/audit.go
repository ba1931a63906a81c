package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/oracle"
)

// audit reads the log, not by way of the library.
type audit struct {
	stage *stage
	end   int64 // position up to which it has been read
}

func newAudit(s *stage) *audit { return &audit{stage: s} }

// digests are those of the log of a round, after so many of its events.
type digests struct {
	before int64 // position before the first
	sums   []uint64
}

// read reads what is new. What is altered it tells the tally.
func (a *audit) read(ctx context.Context, t *tally) (events []oracle.Event, d digests, err error) {
	d = digests{before: a.end, sums: []uint64{0}}
	conn, err := a.stage.connect(ctx)
	if err != nil {
		return nil, d, err
	}
	defer conn.Close(ctx)
	const sql = "SELECT position, stream, version, event_id, data, recorded_at FROM events WHERE position > $1 ORDER BY position"
	rows, err := conn.Query(ctx, sql, a.end)
	if err != nil {
		return nil, d, err
	}
	var e groupcommit.RecordedEvent
	_, err = pgx.ForEachRow(rows, []any{&e.Position, &e.Stream, &e.Version, &e.ID, &e.Data, &e.RecordedAt}, func() error {
		number, index := origin(e.ID)
		if !bytes.Equal(e.Data, data(number, index)) {
			t.wrong(altered, 1, fmt.Sprintf("the event at position %d: %s", e.Position, e.Data))
		}
		events = append(events, oracle.Event{
			Position: e.Position, Stream: e.Stream, Version: e.Version, At: e.RecordedAt.UnixMicro(), Command: number, Index: index,
		})
		d.sums = append(d.sums, extend(d.sums[len(d.sums)-1], &e))
		a.end = e.Position
		return nil
	})
	return events, d, err
}

// saw tells whether somebody who has seen the log up to a position, with this digest, has seen what is there.
func (d *digests) saw(s *sight) bool {
	n := s.End - d.before
	return s.Skip == "" && n >= 0 && n < int64(len(d.sums)) && d.sums[n] == s.Digest
}

// wholeLog are questions to the whole log, in SQL: each counts what must not be there. An ID begins with the number of its command.
var wholeLog = []struct{ what, sql string }{
	{"positions missing, or there twice", `
		SELECT coalesce(max(position), 0) - count(*) + 2 * (count(*) - count(DISTINCT position)) FROM events`},
	{"streams with a gap", `
		SELECT count(*) FROM (SELECT FROM events GROUP BY stream HAVING count(*) <> max(version) OR min(version) <> 1) AS s`},
	{"events there twice", `
		SELECT count(*) - count(DISTINCT event_id) FROM events`},
	{"commits that do not follow another", `
		SELECT count(*) FROM (SELECT previous, lag(last) OVER (ORDER BY previous) AS before FROM commits) AS c WHERE before <> previous`},
	{"events at another time than their commit", `
		SELECT count(*) FROM commits c JOIN events e ON e.position > c.previous AND e.position <= c.last
		WHERE e.recorded_at <> c.committed_at`},
	{"events behind the last commit", `
		SELECT count(*) FROM events WHERE position > (SELECT max(last) FROM commits)`},
	{"IDs on record without their command", `
		SELECT count(*) FROM command_ids c
		WHERE NOT EXISTS (SELECT FROM events e WHERE e.position = c.first AND left(e.event_id::text, 18) = left(c.command_id::text, 18))`},
	{"commands with an ID that is not on record", `
		SELECT count(*) FROM (
			SELECT DISTINCT left(event_id::text, 18) AS number FROM events
			WHERE ('x' || left(replace(event_id::text, '-', ''), 16))::bit(64)::bigint % 3 = 0
		) AS e WHERE NOT EXISTS (SELECT FROM command_ids WHERE left(command_id::text, 18) = number)`},
}

// whole asks them.
func (a *audit) whole(ctx context.Context, t *tally) error {
	for _, q := range wholeLog {
		n, err := a.stage.number(ctx, q.sql)
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		t.wrong(q.what, int(n))
	}
	return nil
}
