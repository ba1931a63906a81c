package benchmarks

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/projection"
)

// BenchmarkProjection builds a read model from the start of a log, again and again, with batches of this size.
func BenchmarkProjection(b *testing.B) {
	for _, batch := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			events := min(batch*1000, 100_000)
			s := openToRead(b, events)
			pool, err := pgxpool.New(b.Context(), pgtest.URL(b))
			if err != nil {
				b.Fatal(err)
			}
			defer pool.Close()
			runner, err := projection.NewRunner(b.Context(), s.Store, projection.Config{Pool: pool, Schema: s.schema, Migrate: true})
			if err != nil {
				b.Fatal(err)
			}
			end, err := s.End(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			builds := 0
			for b.Loop() {
				builds++
				build(b, runner, versions(s.schema, builds, batch), end.Position)
			}
			b.ReportMetric(float64(end.Position)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// versions is a projection that keeps the version of every stream in a table of its own.
func versions(schema string, build, batch int) projection.Projection {
	table := fmt.Sprintf("%s.versions_%d", schema, build)
	upsert := "INSERT INTO " + table + ` SELECT DISTINCT ON (stream) stream, version FROM unnest($1::text[], $2::bigint[]) e (stream, version)
		ORDER BY stream, version DESC ON CONFLICT (stream) DO UPDATE SET version = excluded.version`
	created := false
	return projection.Projection{
		Name: table,
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			if !created {
				if _, err := tx.Exec(ctx, "CREATE TABLE "+table+" (stream text PRIMARY KEY, version bigint) WITH (fillfactor = 70)"); err != nil {
					return err
				}
			}
			streams, versions := make([]string, len(events)), make([]int64, len(events))
			for i, e := range events {
				streams[i], versions[i] = e.Stream, e.Version
			}
			_, err := tx.Exec(ctx, upsert, streams, versions)
			created = created || err == nil
			return err
		},
		Options: projection.Options{BatchEvents: batch, Attempts: 1},
	}
}

// build runs a projection until it has come to a position.
func build(b *testing.B, runner *projection.Runner, p projection.Projection, position int64) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx, p) }()
	if err := runner.WaitFor(ctx, p.Name, position); err != nil {
		b.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
