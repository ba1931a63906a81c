package importer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/importer"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

func TestPostgres(t *testing.T) {
	pool, table := eventCore(t)
	source := history(500)
	for i := range source {
		r := &source[i]
		r.Event.ID = uuid.Must(uuid.NewV7())
		r.Cursor = r.Event.ID.String()
		_, err := pool.Exec(t.Context(), "INSERT INTO "+table+" VALUES ($1, $2, $3, $4, $5, $6, $7)",
			r.Event.ID, r.Stream, r.Version, r.Event.Type, r.Event.Data, r.Event.Metadata, r.OccurredAt)
		if err != nil {
			t.Fatal(err)
		}
	}
	postgres, err := importer.NewPostgres(importer.PostgresConfig{Pool: pool, Table: table, PageEvents: 100})
	if err != nil {
		t.Fatal(err)
	}
	store := storetest.Opened(t)(groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), Migrate: true}))
	for _, repeated := range []int64{0, 500} {
		report, err := importer.Run(t.Context(), store, postgres, importer.Options{Name: "eventcore", CommandEvents: 7})
		if want := (importer.Report{Events: 500, Repeated: repeated, Cursor: source[499].Cursor}); err != nil || report != want {
			t.Fatalf("%+v, %v, want %+v", report, err, want)
		}
	}
	wantLog(t, store, source)
	var rest list
	for record, err := range postgres.After(t.Context(), source[249].Cursor) {
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, record)
	}
	if !slices.EqualFunc(rest, source[250:], func(a, b importer.Record) bool { return a.Cursor == b.Cursor }) {
		t.Errorf("%d events behind the middle, or in another order", len(rest))
	}
}

// A row that is no event is named, wherever it stands in its page, and what is in front of it is imported, up to the last command. The table is sorted
// for each page, and no other page fails for it.
func TestPostgresBadRow(t *testing.T) {
	for name, spoil := range map[string]string{
		"version":  "version = 'seventh'",
		"time":     "occurred_at = 'never'",
		"infinity": "occurred_at = 'infinity'",
		"id":       "id = 'none'",
		"stream":   "stream_id = NULL",
	} {
		t.Run(name, func(t *testing.T) {
			pool, table := texts(t, 300)
			columns := importer.EventCore()
			columns.Order = "place"
			source, err := importer.NewPostgres(importer.PostgresConfig{Pool: pool, Table: table, Columns: columns, PageEvents: 100})
			if err != nil {
				t.Fatal(err)
			}
			pgtest.Exec(t, "UPDATE "+table+" SET "+spoil+" WHERE place = 137")
			store, options := inMemory(t), importer.Options{Name: "texts", CommandEvents: 1}
			report, err := importer.Run(t.Context(), store, source, options)
			bad, named := errors.AsType[*importer.EventError](err)
			if !named || bad.Cursor != "137" || bad.Stream != "s" && name != "stream" || report.Cursor != "135" {
				t.Fatalf("%+v, %v; want the row to be named", report, err)
			}
			pgtest.Exec(t, "DELETE FROM "+table+" WHERE place >= 137")
			if report, err := importer.Run(t.Context(), store, source, options); err != nil || report.Events != 136 {
				t.Errorf("%+v, %v, without the row", report, err)
			}
		})
	}
}

// texts makes a table of so many events whose columns are texts, without an index.
func texts(t *testing.T, events int) (pool *pgxpool.Pool, table string) {
	t.Helper()
	pool, table = eventCore(t)
	pgtest.Exec(t, "DROP TABLE "+table)
	pgtest.Exec(t, fmt.Sprintf(`CREATE TABLE %s AS SELECT place, gen_random_uuid()::text AS id, 's' AS stream_id, place::text AS version,
		'Happened' AS event_type, '{}' AS payload, NULL AS metadata, '2025-07-01' AS occurred_at FROM generate_series(1, %d) AS place`, table, events))
	return pool, table
}

// eventCore makes a table as EventCore has it.
func eventCore(t *testing.T) (pool *pgxpool.Pool, table string) {
	t.Helper()
	schema := pgtest.Schema(t)
	table = schema + ".events"
	pgtest.Exec(t, "CREATE SCHEMA "+schema)
	pgtest.Exec(t, "CREATE TABLE "+table+` (id uuid PRIMARY KEY, stream_id text NOT NULL, version bigint NOT NULL, event_type text NOT NULL,
		payload jsonb NOT NULL, metadata jsonb, occurred_at timestamptz NOT NULL, UNIQUE (stream_id, version))`)
	pool, err := pgxpool.New(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, table
}

func TestPostgresConfig(t *testing.T) {
	pool := new(pgxpool.Pool)
	columns := func(change func(*importer.Columns)) importer.Columns {
		c := importer.EventCore()
		change(&c)
		return c
	}
	for field, config := range map[string]importer.PostgresConfig{
		"Pool":            {},
		"PageEvents":      {Pool: pool, PageEvents: -1},
		"Table":           {Pool: pool, Table: `events; DROP TABLE events`},
		"Columns.Order":   {Pool: pool, Columns: columns(func(c *importer.Columns) { c.Order = "" })},
		"Columns.Data":    {Pool: pool, Columns: columns(func(c *importer.Columns) { c.Data = `a"b` })},
		"Columns.Version": {Pool: pool, Columns: columns(func(c *importer.Columns) { c.Version = strings.Repeat("v", 64) })},
	} {
		_, err := importer.NewPostgres(config)
		wantInvalid(t, err, "PostgresConfig."+field)
	}
	less := columns(func(c *importer.Columns) { c.Version, c.Metadata, c.OccurredAt = "", "", "" })
	if _, err := importer.NewPostgres(importer.PostgresConfig{Pool: pool, Table: "events", Columns: less}); err != nil {
		t.Error(err)
	}
}
