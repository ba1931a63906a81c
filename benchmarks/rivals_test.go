package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// rivalConnections is the size of the rivals' pool. On two cores none of them gained from half as many or from five times as many.
const rivalConnections = 20

// errVersion: the stream is not at the expected version.
var errVersion = errors.New("wrong version")

// rival is an event store without group commit. It has a table of its own with the columns and unique indexes of ours, filled as ours
// is; its positions come from a sequence. Its methods are appendFuncs, each a way to write such a store. All of them send prepared
// statements through a pool of connections.
type rival struct {
	pool                              *pgxpool.Pool
	versionSQL, insertSQL, compareSQL string
}

func newRival(tb testing.TB, s *store, pool *pgxpool.Pool, table string) *rival {
	tb.Helper()
	table = s.schema + "." + table
	const columns = "stream, version, event_id, type, data, recorded_at"
	conn := pgtest.Conn(tb)
	for _, sql := range []string{
		"CREATE TABLE %[1]s (LIKE %[2]s.events INCLUDING ALL)" +
			" WITH (autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_insert_scale_factor = 0)",
		"ALTER TABLE %[1]s ALTER position ADD GENERATED ALWAYS AS IDENTITY",
		"INSERT INTO %[1]s (" + columns + ") SELECT " + columns + " FROM %[2]s.events ORDER BY position",
		"VACUUM ANALYZE %[1]s",
	} {
		if _, err := conn.Exec(tb.Context(), fmt.Sprintf(sql, table, s.schema)); err != nil {
			tb.Fatal(err)
		}
	}
	version := "coalesce((SELECT version FROM " + table + " WHERE stream = $1 ORDER BY version DESC LIMIT 1), 0)"
	insert := "INSERT INTO " + table + " (" + columns + ") SELECT $1::text, $2::bigint + 1, $3::uuid, $4::text, $5::jsonb, now()"
	return &rival{
		pool:       pool,
		versionSQL: "SELECT " + version,
		insertSQL:  insert,
		compareSQL: insert + " WHERE " + version + " = $2",
	}
}

// newRivalPool keeps all connections open all the time.
func newRivalPool(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	config.MinConns, config.MaxConns = rivalConnections, rivalConnections
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

// transact reads the version and inserts if it is as expected, in one transaction of four round trips, as it is commonly written. What
// another one inserted in between the unique index refuses. Where the round trips are what counts, look at compare.
func (r *rival) transact(ctx context.Context, stream string, version int64) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		var actual int64
		if err := tx.QueryRow(ctx, r.versionSQL, stream).Scan(&actual); err != nil {
			return err
		}
		if actual != version {
			return errVersion
		}
		_, err := tx.Exec(ctx, r.insertSQL, rowArguments(stream, version)...)
		return err
	})
}

// insert appends without a look at the version. The unique index refuses one that is too low, nothing one that is too high.
func (r *rival) insert(ctx context.Context, stream string, version int64) error {
	_, err := r.pool.Exec(ctx, r.insertSQL, rowArguments(stream, version)...)
	return err
}

// compare looks and inserts in one statement, which is a transaction of its own: one round trip and one commit per command, the
// best that a store without batching can do.
func (r *rival) compare(ctx context.Context, stream string, version int64) error {
	tag, err := r.pool.Exec(ctx, r.compareSQL, rowArguments(stream, version)...)
	if err == nil && tag.RowsAffected() == 0 {
		return errVersion
	}
	return err
}

func rowArguments(stream string, version int64) []any {
	return []any{stream, version, [16]byte(command.NewEventID()), eventType, eventData}
}

// TestRivals shows that they do what they are compared for.
func TestRivals(t *testing.T) {
	s := openStore(t, groupcommit.Config{}, 1)
	pool := newRivalPool(t, pgtest.URL(t))
	for _, test := range []struct {
		name   string
		way    func(*rival) appendFunc
		checks bool // versions
	}{
		{"tx", func(r *rival) appendFunc { return r.transact }, true},
		{"insert", func(r *rival) appendFunc { return r.insert }, false},
		{"statement", func(r *rival) appendFunc { return r.compare }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			do, stream := test.way(newRival(t, s, pool, test.name)), s.streams[0]
			for version := range int64(3) {
				if err := do(t.Context(), stream, 1+version); err != nil {
					t.Fatalf("at version %d: %v", 1+version, err)
				}
			}
			if err := do(t.Context(), stream, 3); err == nil {
				t.Error("a version that is there was appended again")
			}
			if err := do(t.Context(), stream, 9); test.checks && !errors.Is(err, errVersion) {
				t.Errorf("behind a version that is not there: %v, want %v", err, errVersion)
			}
		})
	}
}
