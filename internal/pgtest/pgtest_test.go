package pgtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// leakVariable makes the test binary, run again by TestMainFailsOnALeakedGoroutine, leak a goroutine.
const leakVariable = "PGTEST_LEAK_A_GOROUTINE"

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestSchemaIsDroppedWithItsContent(t *testing.T) {
	var schema string
	t.Run("use", func(t *testing.T) {
		schema = pgtest.Schema(t)
		if exists(t, schema) {
			t.Fatalf("schema %s exists before it is created", schema)
		}
		pgtest.Exec(t, "CREATE SCHEMA "+schema)
		pgtest.Exec(t, "CREATE TABLE "+schema+".t (n int)")
		if !exists(t, schema) {
			t.Fatalf("schema %s was not created", schema)
		}
	})
	if exists(t, schema) {
		t.Errorf("schema %s is still there", schema)
	}
}

func TestSchemasDiffer(t *testing.T) {
	if a, b := pgtest.Schema(t), pgtest.Schema(t); a == b {
		t.Errorf("two schemas named %s", a)
	}
}

func TestServerIsPrivate(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	server := pgtest.Server(t)
	if !server.Owned() || server.URL() == pgtest.URL(t) {
		t.Fatalf("got a shared server at %s", server.URL())
	}
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, "SELECT 1")
}

func TestMainFailsOnALeakedGoroutine(t *testing.T) {
	if os.Getenv(leakVariable) != "" {
		go func() { select {} }()
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), leakVariable+"=1")
	out, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "found unexpected goroutines") {
		t.Errorf("leak not found: %v\n%s", err, out)
	}
}

func exists(t *testing.T, schema string) bool {
	t.Helper()
	rows, err := pgtest.Conn(t).Query(t.Context(), "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[bool])
	if err != nil {
		t.Fatal(err)
	}
	return found
}
