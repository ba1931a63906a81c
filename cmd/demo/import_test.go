package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

func TestImport(t *testing.T) {
	schema := pgtest.Schema(t)
	pgtest.Exec(t, "CREATE SCHEMA "+schema)
	pgtest.Exec(t, "CREATE TABLE "+schema+`.events AS SELECT gen_random_uuid() AS id, 's' || n AS stream_id, 1 AS version, 'Happened' AS event_type,
		'{}'::jsonb AS payload, '{}'::jsonb AS metadata, now() AS occurred_at FROM generate_series(1, 1234) AS n`)
	c := &config{
		SourceURL:   pgtest.URL(t),
		SourceTable: schema + ".events",
		Store:       groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), MaxConnections: 2, InFlight: 1},
	}
	for _, want := range []string{"; 0 of them were there before\n", "; 1,234 of them were there before\n"} {
		out, text := screen()
		if err := importEvents(t.Context(), c, out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "1,234 events in ") || !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
		checkWidth(t, text.String())
	}
}

func TestImportNeedsASource(t *testing.T) {
	out, _ := screen()
	for _, c := range []*config{
		{},
		{SourceURL: "postgres://somewhere"},
		{SourceURL: "postgres://u:secret@:x", Store: groupcommit.Config{DatabaseURL: pgtest.URL(t)}},
	} {
		if err := importEvents(t.Context(), c, out); !errors.Is(err, errNoSource) {
			t.Errorf("%v", err)
		}
	}
}
