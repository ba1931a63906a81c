package pg

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// BenchmarkShape compares, in turn, the two ways in which a commit of few rows goes over the wire. It is where maxInserts comes
// from: the number of rows up to which x-copy, the time of COPY as a multiple of that of INSERTs, is above 1.
func BenchmarkShape(b *testing.B) {
	pool, err := pgxpool.ParseConfig(pgtest.URL(b))
	if err != nil {
		b.Fatal(err)
	}
	store, err := Open(b.Context(), Config{Pool: pool, Schema: pgtest.Schema(b), Migrate: true})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	for _, rows := range []int{1, 2, 5, 10, 20, 31, 50} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) { benchmarkShape(b, store, rows) })
	}
}

func benchmarkShape(b *testing.B, store *Store, rows int) {
	snapshot, err := store.Look(b.Context(), committer.Query{})
	if err != nil {
		b.Fatal(err)
	}
	end, at := snapshot.End, snapshot.EndTime
	shapes := []func(*committer.Commit) shape{
		func(c *committer.Commit) shape { return store.insertShape(nil, c) },
		func(c *committer.Commit) shape { return store.copyShape(nil, c, false) },
	}
	took := make([][]time.Duration, len(shapes))
	writer := <-store.writers
	defer func() { store.writers <- writer }()
	for b.Loop() {
		for i, shape := range shapes {
			at = at.Add(time.Microsecond)
			commit := randomCommit(store, end, at, rows)
			a := attempt{ctx: b.Context(), conn: writer.conn.PgConn(), commit: commit}
			start := time.Now()
			wire := shape(commit)
			reply := a.send(&wire)
			if err := wire.outcome(&reply); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
			end = commit.End()
		}
	}
	insert, copied := median(took[0]), median(took[1])
	b.ReportMetric(float64(insert.Microseconds()), "insert-us")
	b.ReportMetric(float64(copied.Microseconds()), "copy-us")
	b.ReportMetric(float64(copied)/float64(insert), "x-copy")
	b.ReportMetric(0, "ns/op")
}

func randomCommit(store *Store, parent committer.Point, at time.Time, rows int) *committer.Commit {
	commit := &committer.Commit{ID: uuid.New(), Parent: parent, Time: at, Commands: rows}
	for range rows {
		stream := uuid.NewString()
		event := command.Event{ID: command.NewEventID(), Type: "Happened", Data: []byte(fmt.Sprintf(`{"text": "%0200d"}`, 0))}
		commit.Rows = append(commit.Rows, committer.Row{Stream: stream, Version: 1, Encoded: store.AppendRow(nil, stream, event)})
	}
	return commit
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
