package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/migrations"
)

// written is a configuration that names a log with an event.
func written(t *testing.T) *config {
	t.Helper()
	c := &config{Store: groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), MaxConnections: 2, InFlight: 1}}
	migrated := c.Store
	migrated.Migrate = true
	store, err := groupcommit.Open(t.Context(), migrated)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Append(t.Context(), groupcommit.To("s", groupcommit.NoStream, groupcommit.Event{Type: "Happened"})); err != nil {
		t.Error(err)
	}
	if err := closeStore(store); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVerify(t *testing.T) {
	c := written(t)
	out, text := screen()
	if err := verify(t.Context(), c, out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf(", schema %d, PostgreSQL 1", migrations.Latest), "1 of 1 stream\n", "1 of 1 command\n", "position 1\n", "ok  the commits form one chain"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	checkWidth(t, text.String())

	pgtest.Exec(t, "INSERT INTO "+c.Store.Schema+".events SELECT 2, stream, 3, event_id, type, data, metadata, recorded_at FROM "+c.Store.Schema+".events")
	out, text = screen()
	err := verify(t.Context(), c, out)
	if err == nil || !strings.Contains(err.Error(), "2 findings") {
		t.Errorf("%v", err)
	}
	for _, want := range []string{`NO  position 2: version 3 of stream "s" follows version 1`, "NO  position 2: an event at position 2 in no commit"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestAuditTellsWhatVerifyFinds(t *testing.T) {
	c := written(t)
	pgtest.Exec(t, "INSERT INTO "+c.Store.Schema+".events SELECT 2, 'foreign', 1, event_id, type, data, metadata, recorded_at FROM "+c.Store.Schema+".events")
	store, err := groupcommit.Open(t.Context(), c.Store)
	if err != nil {
		t.Fatal(err)
	}
	var audit auditReport
	if err := errors.Join(audit.verify(t.Context(), store), closeStore(store)); err != nil {
		t.Fatal(err)
	}
	if err := audit.violation(); err == nil || !strings.Contains(err.Error(), "1 finding, the first at position 2") {
		t.Errorf("%v", err)
	}
}

func TestVerifyTellsHowMuchIsNotListed(t *testing.T) {
	out, text := screen()
	out.printVerification(&groupcommit.VerifyReport{Damages: 1235, Findings: make([]groupcommit.Finding, 1)}, 0)
	if !strings.Contains(text.String(), "and 1,234 more\n") || !strings.Contains(text.String(), "unknown") {
		t.Errorf("%s", text)
	}
}

func TestVerifyNeedsALog(t *testing.T) {
	out, _ := screen()
	if err := verify(t.Context(), &config{}, out); !errors.Is(err, errNoDatabase) {
		t.Errorf("%v", err)
	}
	c := &config{Store: groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: pgtest.Schema(t), Migrate: true}} // which is not done
	problem, ok := errors.AsType[*groupcommit.SchemaError](verify(t.Context(), c, out))
	if !ok || problem.Problem != groupcommit.SchemaMissing {
		t.Errorf("%v", problem)
	}
}

func TestInterruptedVerify(t *testing.T) {
	c := written(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := &stopper{at: "Reading", stop: cancel}
	if err := verify(ctx, c, &terminal{out: out}); !errors.Is(err, errInterrupted) {
		t.Errorf("%v", err)
	}
}
