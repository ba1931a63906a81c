package pg

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit/committer"
)

func TestRowOf(t *testing.T) {
	for where, want := range map[string]int{
		"COPY events, line 1":                                                      0,
		"COPY events, line 1000, column data":                                      999,
		"COPY events, Zeile 17, Spalte data":                                       16,
		"eventsのCOPY、行 5、列 data":                                                   4,
		"JSON data, line 1: \"x\nCOPY events, line 7":                              6,
		"JSON data, line 9\nCOPY events, line 7\nCOPY events, line 3, column data": 2,
		"":                                       -1,
		"COPY events, line 99999999999999999999": -1,
		"SQL statement":                          -1,
	} {
		if got := rowOf(&pgconn.PgError{Where: where}); got != want {
			t.Errorf("rowOf(%q) = %d, want %d", where, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for code, want := range map[string]committer.Class{
		"40001": committer.Transient, "40P01": committer.Transient, "53300": committer.Transient, "55P03": committer.Transient,
		"57014": committer.Transient, "57P01": committer.Transient, "25P03": committer.Transient, "25006": committer.Transient,
		"08006": committer.Transient, "25P04": committer.Transient,
		"22P05": committer.Refused, "22021": committer.Refused, "23514": committer.Refused, "54000": committer.Refused,
		"28P01": committer.Permanent, "3D000": committer.Permanent, "42501": committer.Permanent, "42P01": committer.Permanent,
		"XX000": committer.Permanent, "": committer.Permanent,
	} {
		if got := classOf(&pgconn.PgError{Code: code}); got != want {
			t.Errorf("SQLSTATE %q is %v, want %v", code, got, want)
		}
	}
	if got := classOf(&pgconn.PgError{Code: "54000", ConstraintName: "events_stream_version_key"}); got != committer.Refused {
		t.Errorf("a row too long for an index is %v, want it refused", got)
	}
	for constraint, want := range map[string]committer.Class{
		"commits_pkey":              committer.Moved,
		"commits_parent_fkey":       committer.Lost,
		"command_ids_pkey":          committer.Recorded,
		"events_position_key":       committer.Taken,
		"events_stream_version_key": committer.Stale,
		"added_by_somebody":         committer.Refused,
	} {
		if got := classOf(&pgconn.PgError{Code: "23505", ConstraintName: constraint}); got != want {
			t.Errorf("a violation of %s is %v, want %v", constraint, got, want)
		}
	}
}

func TestScrubKeepsNoData(t *testing.T) {
	const canary = "canary"
	err := scrub(&pgconn.PgError{
		Code: "22P02", Message: "invalid input", Detail: canary, Hint: canary, Where: canary, InternalQuery: canary, DataTypeName: canary,
	})
	pgErr, ok := err.(*pgconn.PgError)
	if !ok || pgErr.Code != "22P02" || pgErr.Message != "invalid input" {
		t.Fatalf("got %v", err)
	}
	if all := strings.Join([]string{pgErr.Detail, pgErr.Hint, pgErr.Where, pgErr.InternalQuery, pgErr.DataTypeName}, ""); all != "" {
		t.Errorf("kept %q", all)
	}
}

// What is certain depends on how far the server came, and only then on what it said.
func TestFailureByPhase(t *testing.T) {
	lost := errors.New("lost")
	for _, c := range []struct {
		what  string
		reply reply
		sent  bool
		want  committer.Class
	}{
		{"an error before COMMIT", reply{completed: 3, err: &pgconn.PgError{Code: "57P01"}}, true, committer.Transient},
		{"an error that answers COMMIT", reply{completed: 4, err: &pgconn.PgError{Code: "57P01"}}, true, committer.InDoubt},
		{"one that a pooler makes up", reply{completed: 4, err: &pgconn.PgError{Code: "08P01"}, lost: lost}, true, committer.InDoubt},
		{"a deferred constraint", reply{completed: 4, err: &pgconn.PgError{Code: "23503", ConstraintName: "commits_parent_fkey"}}, true, committer.Lost},
		{"no answer", reply{lost: lost}, true, committer.InDoubt},
		{"no answer, and COMMIT was not in the message", reply{lost: lost}, false, committer.Transient},
		{"not all of the message was written", reply{lost: lost, unsent: true}, true, committer.Transient},
	} {
		if f := c.reply.failure(4, c.sent); f.Class != c.want {
			t.Errorf("%s: %v, want %v", c.what, f.Class, c.want)
		}
	}
}

// Each address that was tried is told, in one line, with the cause at hand.
func TestConnectErrorIsOneLine(t *testing.T) {
	config, err := pgx.ParseConfig("host=localhost,localhost port=1,2 sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused by the test")
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	_, err = pgx.ConnectConfig(t.Context(), config)
	if !strings.Contains(err.Error(), "\n") {
		t.Fatalf("not the error that this is about: %v", err)
	}
	for _, err := range []error{scrub(err), connectError(err), migrateError("s", err)} {
		text := err.Error()
		if strings.ContainsAny(text, "\n\t") || !strings.Contains(text, ":1 (localhost)") || !strings.Contains(text, ":2 (localhost)") {
			t.Errorf("%q", text)
		}
		if !errors.Is(err, refused) {
			t.Errorf("%v does not wrap its cause", err)
		}
	}
}

// Whatever an error says of itself: what was sent, and may have come to COMMIT, is certain only where a constraint was violated; what is certain
// is of a class that says so.
func FuzzFailure(f *testing.F) {
	for _, code := range []string{"", "2", "23505", "23503", "22P05", "40001", "57P01", "08P01", "XX000", "\xff\xff"} {
		for _, constraint := range []string{"", "commits_pkey", "commits_parent_fkey", "events_stream_version_key", "mine"} {
			f.Add(code, constraint, "COPY events, line 2", 4, true, false)
			f.Add(code, constraint, "", 3, true, true)
		}
	}
	f.Fuzz(func(t *testing.T, code, constraint, where string, completed int, sent, fatal bool) {
		const beforeCommit = 4
		r := reply{completed: completed, err: &pgconn.PgError{Code: code, ConstraintName: constraint, Where: where}}
		if fatal {
			r.lost = r.err
		}
		failure := r.failure(beforeCommit, sent)
		doubtful := sent && completed >= beforeCommit && !strings.HasPrefix(code, "23")
		if got := failure.Class == committer.InDoubt; got != doubtful {
			t.Errorf("SQLSTATE %q after %d statements, sent: %t: got %v", code, completed, sent, failure)
		}
		if failure.Class.String() == "" || failure.Error() == "" || rowOf(r.err) < -1 {
			t.Errorf("SQLSTATE %q: got %v, about row %d", code, failure, rowOf(r.err))
		}
	})
}
