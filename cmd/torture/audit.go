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

// read reads what is new.
func (a *audit) read(ctx context.Context) (events []oracle.Event, d digests, err error) {
	d = digests{before: a.end, sums: []uint64{0}}
	conn, err := a.stage.connect(ctx)
	if err != nil {
		return nil, d, err
	}
	defer conn.Close(ctx)
	const sql = "SELECT position, stream, version, event_id, data, recorded_at FROM torture.events WHERE position > $1 ORDER BY position"
	rows, err := conn.Query(ctx, sql, a.end)
	if err != nil {
		return nil, d, err
	}
	var e groupcommit.RecordedEvent
	_, err = pgx.ForEachRow(rows, []any{&e.Position, &e.Stream, &e.Version, &e.ID, &e.Data, &e.RecordedAt}, func() error {
		number, index := origin(e.ID)
		if !bytes.Equal(e.Data, data(number, index)) {
			return fmt.Errorf("the event at position %d has data that nobody submitted: %s", e.Position, e.Data)
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

// wholeLog are questions to the whole log, in SQL: each counts what must not be there.
var wholeLog = []struct{ what, sql string }{
	{"positions that are missing or there twice", "SELECT abs(count(*) - max(position)) + count(*) - count(DISTINCT position) FROM torture.events"},
	{"streams with a gap", "SELECT count(*) FROM (SELECT stream FROM torture.events GROUP BY stream HAVING count(*) <> max(version) OR min(version) <> 1) AS s"},
	{"events that are there twice", "SELECT count(*) - count(DISTINCT event_id) FROM torture.events"},
	{"commits that do not follow another", "SELECT count(*) FROM (SELECT previous, lag(last) OVER (ORDER BY previous) AS before FROM torture.commits) AS c WHERE before <> previous"},
	{"events outside of the commit that they belong to", `
		SELECT count(*) FROM torture.commits c JOIN torture.events e ON e.position > c.previous AND e.position <= c.last WHERE e.recorded_at <> c.committed_at`},
	{"events behind the last commit", "SELECT count(*) FROM torture.events WHERE position > (SELECT max(last) FROM torture.commits)"},
}

// final asks them.
func (a *audit) final(ctx context.Context, t *tally) error {
	for _, q := range wholeLog {
		n, err := a.stage.number(ctx, q.sql)
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		t.wrong(q.what, int(n))
	}
	return nil
}
