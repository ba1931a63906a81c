package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/workload"
)

// sample is an interval of the load, and how things stood at its end, while nothing was under way. Sizes are in bytes.
type sample struct {
	at     time.Duration // of load until then
	result workload.Result

	heap       int64 // live, without what the soak's own receipts take
	system     int64 // all memory that was taken from it
	goroutines int

	events, commits, indexes int64 // the two tables, and the indexes of both
	wal                      int64 // written during the interval, by everybody on the server
}

// gauge takes samples. It belongs to one goroutine.
type gauge struct {
	receipts *workload.Receipts
	conn     *pgx.Conn
	schema   string
	wal      int64 // end of the log at the sample before
}

func newGauge(ctx context.Context, url, schema string, receipts *workload.Receipts) (*gauge, error) {
	conn, err := ephemeral.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	g := &gauge{receipts: receipts, conn: conn, schema: schema}
	if err := g.measureServer(ctx, &sample{}); err != nil {
		g.close(ctx)
		return nil, err
	}
	return g, nil
}

func (g *gauge) close(ctx context.Context) {
	_ = g.conn.Close(ctx) // nothing was written on it
}

func (g *gauge) take(ctx context.Context, result workload.Result) (sample, error) {
	s := sample{result: result}
	g.measureMemory(&s)
	return s, g.measureServer(ctx, &s)
}

func (g *gauge) measureMemory(s *sample) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.heap = int64(m.HeapAlloc) - g.receipts.Bytes()
	s.system = int64(m.Sys)
	s.goroutines = runtime.NumGoroutine()
}

func (g *gauge) measureServer(ctx context.Context, s *sample) error {
	const sql = `
SELECT pg_table_size(events), pg_table_size(commits), pg_indexes_size(events) + pg_indexes_size(commits),
	pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint
FROM (SELECT ($1 || '.events')::regclass AS events, ($1 || '.commits')::regclass AS commits) AS tables`
	var wal int64
	if err := g.conn.QueryRow(ctx, sql, g.schema).Scan(&s.events, &s.commits, &s.indexes, &wal); err != nil {
		return fmt.Errorf("asking the server for its sizes: %w", err)
	}
	s.wal, g.wal = wal-g.wal, wal
	return nil
}
