package benchmarks

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

var streamCount = flag.Int("streams", 20_000, "number of streams that commands choose from")

// store is a groupcommit.Store whose streams have one event each and are known to its cache.
type store struct {
	*groupcommit.Store
	schema  string // of a store in PostgreSQL
	streams []string
	commits *commitMeter
}

// openStore opens a store with so many streams in a new schema on PostgreSQL, which is as it would be after a while of use: vacuumed
// and analysed. The configuration may name another way to the server.
func openStore(tb testing.TB, config groupcommit.Config, streams int) *store {
	tb.Helper()
	s := &store{schema: pgtest.Schema(tb), commits: &commitMeter{}}
	requireDurability(tb)
	config.DatabaseURL = cmp.Or(config.DatabaseURL, pgtest.URL(tb))
	config.Schema, config.Migrate = s.schema, true
	config.Hooks = s.commits.hooks()
	opened, err := groupcommit.Open(tb.Context(), config)
	s.fill(tb, opened, err, streams)
	pgtest.Exec(tb, fmt.Sprintf("VACUUM ANALYZE %[1]s.events, %[1]s.commits", s.schema))
	return s
}

// openInMemory opens a store with so many streams and without a database.
func openInMemory(tb testing.TB, config groupcommit.Config, streams int) *store {
	tb.Helper()
	s := &store{commits: &commitMeter{}}
	config.Hooks = s.commits.hooks()
	opened, err := groupcommit.OpenInMemory(config)
	s.fill(tb, opened, err, streams)
	return s
}

// fill takes over what was opened and puts one event on each of so many streams.
func (s *store) fill(tb testing.TB, opened *groupcommit.Store, err error, streams int) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	s.Store = opened
	tb.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	futures := make([]*groupcommit.Future, streams)
	for i := range futures {
		s.streams = append(s.streams, uuid.NewString())
		futures[i] = s.Submit(tb.Context(), appendTo(s.streams[i], 0))
	}
	if _, err := groupcommit.WaitAll(tb.Context(), futures...); err != nil {
		tb.Fatal(err)
	}
}

// append is the store's appendFunc.
func (s *store) append(ctx context.Context, stream string, version int64) error {
	_, err := s.Append(ctx, appendTo(stream, version))
	return err
}

// requireDurability fails the benchmark where an acknowledged commit could be lost: its figures would be worth nothing.
func requireDurability(tb testing.TB) {
	tb.Helper()
	conn := pgtest.Conn(tb)
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(tb.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			tb.Fatal(err)
		}
		if value == "off" {
			tb.Fatalf("%s is off on the server", setting)
		}
	}
}

// commitMeter counts group commits and the commands in them. The store's goroutine writes it, anybody reads it.
type commitMeter struct {
	commits, commands atomic.Int64
}

func (m *commitMeter) hooks() groupcommit.Hooks {
	return groupcommit.Hooks{Committed: func(info groupcommit.CommitInfo) {
		m.commits.Add(1)
		m.commands.Add(int64(info.Commands))
	}}
}

func (m *commitMeter) reset() {
	m.commits.Store(0)
	m.commands.Store(0)
}

// report reports commands/commit since the last reset.
func (m *commitMeter) report(b *testing.B) {
	b.ReportMetric(float64(m.commands.Load())/float64(max(m.commits.Load(), 1)), "commands/commit")
}
