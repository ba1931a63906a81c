package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// An import can be run again, and goes on behind its end when the source has grown.
func TestImport(t *testing.T) {
	schema := pgtest.Schema(t)
	pgtest.Exec(t, "CREATE SCHEMA "+schema)
	events := `SELECT (lpad(n::text, 8, '0') || '-0000-7000-8000-000000000000')::uuid AS id, 's' || n AS stream_id, 1 AS version, 'Happened' AS event_type,
		'{}'::jsonb AS payload, '{}'::jsonb AS metadata, now() AS occurred_at FROM generate_series`
	pgtest.Exec(t, "CREATE TABLE "+schema+".events AS "+events+"(1, 1234) AS n")
	c := &config{
		SourceURL:   pgtest.URL(t),
		SourceTable: schema + ".events",
		Store:       groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), MaxConnections: 2, InFlight: 1},
	}
	const end = "00001234-0000-7000-8000-000000000000"
	wantImport(t, c, "1,234 events in ", "; 0 of them were there before\n", "SOURCE_AFTER="+end+"\n")
	wantImport(t, c, "1,234 events in ", "; 1,234 of them were there before\n", "SOURCE_AFTER="+end+"\n")
	pgtest.Exec(t, "INSERT INTO "+schema+".events "+events+"(1235, 1300) AS n")
	c.SourceAfter = end
	wantImport(t, c, "66 events in ", "; 0 of them were there before\n", "SOURCE_AFTER=00001300-0000-7000-8000-000000000000\n")
	pgtest.Exec(t, "INSERT INTO "+schema+".events "+events+"(1301, 1400) AS n")
	c.SourceAfter = ""
	wantImport(t, c, "1,400 events in ", "; 1,300 of them were there before\n", "SOURCE_AFTER=00001400-0000-7000-8000-000000000000\n")

	c.SourceAfter = "zzz"
	out, text := screen()
	if err := importEvents(t.Context(), c, out); err == nil || strings.Contains(text.String(), "SOURCE_AFTER") {
		t.Errorf("%v; a cursor that leads nowhere is told:\n%s", err, text)
	}
}

// wantImport fails the test unless an import goes well and says all this.
func wantImport(t *testing.T, c *config, says ...string) {
	t.Helper()
	out, text := screen()
	if err := importEvents(t.Context(), c, out); err != nil {
		t.Fatal(err)
	}
	for _, want := range says {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	checkWidth(t, text.String())
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
