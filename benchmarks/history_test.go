package benchmarks

import (
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// history is what a log holds before a store is opened on it: so many streams, each with so many events, which are as far apart as they
// can be.
type history struct{ streams, length int }

const historyCommit = 1000 // events in each of its commits

// write fills the empty tables of a schema. It does so inside the server, with the chain of commits as the store would have written it:
// through the store it would take several times as long. The indexes are there from the beginning, so that they come out as loosely
// packed as they are when a log grows.
func (h history) write(tb testing.TB, conn *pgx.Conn, schema string) {
	tb.Helper()
	if h.streams == 0 {
		return
	}
	err := pgx.BeginFunc(tb.Context(), conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(tb.Context(), fmt.Sprintf(`
			WITH chain AS MATERIALIZED (
				SELECT previous, least(previous + $2, $1) AS last, gen_random_uuid() AS id FROM generate_series(0, $1::bigint - 1, $2::bigint) previous
			)
			INSERT INTO %[1]s.commits (previous, last, commit_id, parent, commands, writer, committed_at)
			SELECT previous, last, id, coalesce(lag(id) OVER (ORDER BY previous), (SELECT commit_id FROM %[1]s.commits)),
				last - previous, (SELECT gen_random_uuid()), timestamptz '2020-01-01' + last * interval '1 ms'
			FROM chain`, schema), h.streams*h.length, historyCommit)
		if err != nil {
			return err
		}
		_, err = tx.Exec(tb.Context(), fmt.Sprintf(`
			INSERT INTO %[1]s.events (position, stream, version, event_id, type, data, recorded_at)
			SELECT position, md5(((position - 1) %% $1)::text)::uuid, (position - 1) / $1 + 1, gen_random_uuid(), $2, $3, committed_at
			FROM %[1]s.commits, generate_series(previous + 1, last) position WHERE previous >= 0`, schema), h.streams, eventType, eventData)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// name of stream k, a UUID like any other.
func (h history) name(k int) string { return uuid.UUID(md5.Sum([]byte(strconv.Itoa(k)))).String() }

// names of all streams.
func (h history) names() []string {
	names := make([]string, h.streams)
	for k := range names {
		names[k] = h.name(k)
	}
	return names
}

// pick chooses so many streams at random, as far as there are so many, and tells their version. Where there is no history they are new.
func (h history) pick(count int) (names []string, version int64) {
	if h.streams == 0 {
		for range count {
			names = append(names, uuid.NewString())
		}
		return names, 0
	}
	for _, k := range rand.Perm(h.streams)[:min(count, h.streams)] {
		names = append(names, h.name(k))
	}
	return names, int64(h.length)
}

// TestHistory shows that a store can take up a log that was written at once as if it had written it itself.
func TestHistory(t *testing.T) {
	h := history{streams: 250, length: 10}
	s := openBehind(t, h, groupcommit.Config{}, 20)
	if s.version != 11 || len(s.streams) != 20 {
		t.Errorf("%d streams at version %d, want 20 at 11", len(s.streams), s.version)
	}
	if events := s.audit(t, workload.Contiguous()); events != 2520 {
		t.Errorf("%d events, want 10 for each of 250 streams, and 20", events)
	}
	var orphans, late int
	err := pgtest.Conn(t).QueryRow(t.Context(), fmt.Sprintf(`
		SELECT (SELECT count(*) FROM %[1]s.commits WHERE parent IS NULL),
			(SELECT count(*) FROM %[1]s.events e JOIN %[1]s.commits c ON e.position > c.previous AND e.position <= c.last
			WHERE e.recorded_at <> c.committed_at)`, s.schema)).Scan(&orphans, &late)
	if err != nil || orphans != 1 || late != 0 {
		t.Errorf("%d commits have no parent, want that of genesis; %d events have another time than their commit; %v", orphans, late, err)
	}
}
