package benchmarks

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/workload"
)

var streamCount = flag.Int("streams", 20_000, "number of streams that commands choose from")

// store is a groupcommit.Store with streams to work on, which are known to its cache.
type store struct {
	*groupcommit.Store
	schema  string // of a store in PostgreSQL
	streams []string
	version int64 // of each of the streams
	commits *commitMeter
}

// openStore opens a store with so many streams of one event each in a new schema on PostgreSQL, which is as it would be after a while of
// use: vacuumed and analysed.
// The configuration may name another way to the server.
func openStore(tb testing.TB, config groupcommit.Config, streams int) *store {
	tb.Helper()
	return openBehind(tb, history{}, config, streams)
}

// openBehind is openStore on a log that has a history. The streams are some of those that it has, with one more event each.
func openBehind(tb testing.TB, past history, config groupcommit.Config, streams int) *store {
	tb.Helper()
	return openOn(tb, pgtest.URL(tb), pgtest.Schema(tb), past, config, streams)
}

// openOn is openBehind in a schema of this server.
func openOn(tb testing.TB, url, schema string, past history, config groupcommit.Config, streams int) *store {
	tb.Helper()
	conn := connect(tb, url)
	requireDurability(tb, conn)
	s := &store{schema: schema, commits: &commitMeter{}}
	config.DatabaseURL = cmp.Or(config.DatabaseURL, url)
	config.Schema, config.Hooks = schema, s.commits.hooks()
	if err := groupcommit.Migrate(tb.Context(), config); err != nil {
		tb.Fatal(err)
	}
	past.write(tb, conn, schema)
	opened, err := groupcommit.Open(tb.Context(), config)
	s.fill(tb, opened, err, past, streams)
	vacuum(tb, conn, schema)
	return s
}

// vacuum leaves the tables as they would be after a while of use.
func vacuum(tb testing.TB, conn *pgx.Conn, schema string) {
	tb.Helper()
	mustExec(tb, conn, fmt.Sprintf("VACUUM ANALYZE %[1]s.events, %[1]s.commits", schema))
}

// connect opens a connection until the benchmark ends.
func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(tb testing.TB, conn *pgx.Conn, sql string) {
	tb.Helper()
	if _, err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatal(err)
	}
}

// openInMemory opens a store with so many streams and without a database.
func openInMemory(tb testing.TB, config groupcommit.Config, streams int) *store {
	tb.Helper()
	s := &store{commits: &commitMeter{}}
	config.Hooks = s.commits.hooks()
	opened, err := groupcommit.OpenInMemory(config)
	s.fill(tb, opened, err, history{}, streams)
	return s
}

// fill takes over what was opened and adopts streams.
func (s *store) fill(tb testing.TB, opened *groupcommit.Store, err error, past history, streams int) {
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
	if err := s.adopt(tb.Context(), past, streams); err != nil {
		tb.Fatal(err)
	}
}

// adopt makes streams of the history those of the store and appends an event to each.
func (s *store) adopt(ctx context.Context, past history, streams int) error {
	s.streams, s.version = past.pick(streams)
	futures := make([]*groupcommit.Future, len(s.streams))
	for i, stream := range s.streams {
		futures[i] = s.Submit(ctx, appendTo(stream, s.version))
	}
	s.version++
	_, err := groupcommit.WaitAll(ctx, futures...)
	return err
}

// audit reads the log back, fails tb where it is not as it should be, and tells its length.
func (s *store) audit(tb testing.TB, invariants ...workload.Invariant) (events int) {
	tb.Helper()
	events, findings, err := workload.Audit(s.ReadAll(tb.Context()), invariants...)
	if err != nil {
		tb.Fatal(err)
	}
	for _, finding := range findings {
		if finding.Err != nil {
			tb.Errorf("it does not hold that %s: %v", finding.Invariant, finding.Err)
		}
	}
	return events
}

// append is the store's appendFunc.
func (s *store) append(ctx context.Context, stream string, version int64) error {
	_, err := s.Append(ctx, appendTo(stream, version))
	return err
}

// appender is its appendFunc for another event.
func (s *store) appender(event groupcommit.Event) appendFunc {
	return func(ctx context.Context, stream string, version int64) error {
		_, err := s.Append(ctx, groupcommit.To(stream, groupcommit.Exact(version), event))
		return err
	}
}

// requireDurability fails the benchmark where an acknowledged commit could be lost: its figures would be worth nothing.
func requireDurability(tb testing.TB, conn *pgx.Conn) {
	tb.Helper()
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

// commitMeter counts group commits, the commands in them, and commits that were refused because another process was quicker. The store's
// goroutine writes it, anybody reads it.
type commitMeter struct {
	commits, commands, moved atomic.Int64
}

func (m *commitMeter) hooks() groupcommit.Hooks {
	return groupcommit.Hooks{
		Committed: func(info groupcommit.CommitInfo) {
			m.commits.Add(1)
			m.commands.Add(int64(info.Commands))
		},
		Failed: func(class groupcommit.FailureClass, _ error) {
			if class == committer.Moved {
				m.moved.Add(1)
			}
		},
	}
}

func (m *commitMeter) reset() {
	m.commits.Store(0)
	m.commands.Store(0)
	m.moved.Store(0)
}

// report reports commands/commit since the last reset.
func (m *commitMeter) report(b *testing.B) {
	b.ReportMetric(float64(m.commands.Load())/float64(max(m.commits.Load(), 1)), "commands/commit")
}
