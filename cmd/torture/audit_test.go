package main

import (
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/oracle"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// logOf lets commands take effect in a log of their own, none of which may have been there before.
func logOf(t *testing.T, s *stage, numbers ...uint64) {
	t.Helper()
	store, err := groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: s.server.URL(), Schema: schema, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	script := &script{seed: 1}
	for _, number := range numbers {
		if _, err := store.Append(t.Context(), script.compose(number, []oracle.Stream{{Name: "a", Events: 2}})); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// free lets anything be written.
const free = `
	ALTER TABLE events DISABLE TRIGGER ALL, DROP CONSTRAINT events_position_key, DROP CONSTRAINT events_stream_version_key;
	ALTER TABLE commits DISABLE TRIGGER ALL, DROP CONSTRAINT commits_parent_fkey;`

// Each question to the whole log finds the damage that it is for.
func TestWholeLog(t *testing.T) {
	s := &stage{server: pgtest.Server(t)}
	for _, test := range []struct{ want, sql string }{
		{"", ""},
		{"positions missing, or there twice", "DELETE FROM events WHERE position = 2"},
		{"positions missing, or there twice", "UPDATE events SET position = 1 WHERE position = 2"},
		{"streams with a gap", "UPDATE events SET version = 7 WHERE position = 2"},
		{"streams with a gap", "UPDATE events SET stream = 'b' WHERE position = 2"},
		{"events there twice", "UPDATE events SET event_id = (SELECT event_id FROM events WHERE position = 1) WHERE position = 2"},
		{"commits that do not follow another", "DELETE FROM commits WHERE previous = 2"},
		{"events at another time than their commit", "UPDATE events SET recorded_at = now() WHERE position = 1"},
		{"events behind the last commit", "DELETE FROM commits WHERE previous = 4"},
		{"IDs on record without their command", "UPDATE command_ids SET first = first + 2"},
		{"commands with an ID that is not on record", "DELETE FROM command_ids"},
	} {
		t.Run(test.want, func(t *testing.T) {
			if err := ephemeral.DropSchema(t.Context(), s.server.URL(), schema); err != nil {
				t.Fatal(err)
			}
			logOf(t, s, withID, withoutID, withID+3)
			if err := s.exec(t.Context(), free, test.sql); err != nil {
				t.Fatal(err)
			}
			tally := newTally()
			if err := newAudit(s).whole(t.Context(), tally); err != nil {
				t.Fatal(err)
			}
			if tally.found() != tally.zeros[test.want] && tally.zeros[test.want] == 0 || (tally.found() == 0) != (test.want == "") {
				t.Errorf("%v", tally.zeros)
			}
		})
	}
}

// The log is read as it is, a round after the other, and what a reader has seen is compared with it.
func TestReadLog(t *testing.T) {
	s := &stage{server: pgtest.Server(t)}
	a, tally := newAudit(s), newTally()
	for round, numbers := range [][]uint64{{withID, withoutID}, {withID + 3}} {
		before := a.end
		logOf(t, s, numbers...)
		events, log, err := a.read(t.Context(), tally)
		if err != nil || len(events) != 2*len(numbers) {
			t.Fatalf("round %d: %d events, %v", round, len(events), err)
		}
		for i, e := range events {
			if e.Command != numbers[i/2] || e.Index != i%2 || e.Position != before+int64(i)+1 || e.Stream != "a" || e.Version != e.Position || e.At == 0 {
				t.Errorf("event %d: %+v", i, e)
			}
		}
		end := before + int64(len(events))
		seen := &sight{Look: oracle.Look{End: end}, Digest: digestOf(t, s, before)}
		if !log.saw(seen) || !log.saw(&sight{Look: oracle.Look{End: before}}) {
			t.Error("what a reader has seen is not taken for what is there")
		}
	}
	if err := s.exec(t.Context(), free, `UPDATE events SET data = '{"index": 0}' WHERE position = 1`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := newAudit(s).read(t.Context(), tally); err != nil || tally.found() != 1 || tally.zeros[altered] != 1 {
		t.Errorf("altered data is not found: %v, %v", tally.zeros, err)
	}
}

// digestOf is the digest of what comes behind a position, as the library reads it.
func digestOf(t *testing.T, s *stage, after int64) (digest uint64) {
	t.Helper()
	store, err := groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: s.server.URL(), Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	var failed error
	for event, err := range store.ReadAll(t.Context(), groupcommit.After(after)) {
		failed = errors.Join(failed, err)
		digest = extend(digest, &event)
	}
	if failed != nil {
		t.Fatal(failed)
	}
	return digest
}
