package groupcommit_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
)

// What SECURITY.md grants is enough for who writes and for who reads, and no more than that.
func TestGrantsOfTheDocumentation(t *testing.T) {
	schema := pgtest.Schema(t)
	if err := groupcommit.Migrate(t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: schema}); err != nil {
		t.Fatal(err)
	}
	writer, reader := newRole(t), newRole(t)
	for _, statement := range strings.Split(documented(t, "SECURITY.md"), ";\n") {
		pgtest.Exec(t, strings.NewReplacer(
			"groupcommit_writer", writer.name, "groupcommit_reader", reader.name, "groupcommit.", schema+".", "SCHEMA groupcommit ", "SCHEMA "+schema+" ",
		).Replace(statement))
	}

	store := storetest.Opened(t)(groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: writer.url, Schema: schema, MinConnections: 1}))
	mustAppend(t, store, identified(write("s")))

	only, err := groupcommit.OpenReader(t.Context(), groupcommit.Config{DatabaseURL: reader.url, Schema: schema, MinConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(only.Close)
	follow(t.Context(), only.Subscribe(t.Context(), 0)).await(t, 0, 1)
	if err := only.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = groupcommit.Open(t.Context(), groupcommit.Config{DatabaseURL: reader.url, Schema: schema})
	if problem := wantError[*groupcommit.SchemaError](t, err); problem.Problem != groupcommit.SchemaPrivileges {
		t.Errorf("a store of the reader: %v", err)
	}

	for _, role := range []role{writer, reader} {
		for _, statement := range []string{"UPDATE %.events SET type = ''", "DELETE FROM %.events", "TRUNCATE %.events", "DELETE FROM %.commits", "DROP TABLE %.events"} {
			err := pgtest.ExecAt(role.url, strings.ReplaceAll(statement, "%", schema))
			if refused := wantError[*pgconn.PgError](t, err); refused.Code != "42501" {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
}

// documented is the one block of SQL in a document.
func documented(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```sql\n")
	sql, _, found := strings.Cut(after, "\n```")
	if !found {
		t.Fatalf("%s has no SQL", file)
	}
	return strings.TrimSuffix(sql, ";")
}

type role struct{ name, url string }

// newRole is a role that may log in, and nothing else.
func newRole(t *testing.T) role {
	t.Helper()
	r := role{name: "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")}
	password := uuid.NewString()
	pgtest.Exec(t, "CREATE ROLE "+r.name+" LOGIN PASSWORD '"+password+"'")
	admin := pgtest.Conn(t)
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "DROP OWNED BY "+r.name+"; DROP ROLE "+r.name); err != nil {
			t.Error(err)
		}
	})
	at, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.UserPassword(r.name, password)
	r.url = at.String()
	return r
}
