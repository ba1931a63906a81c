package groupcommit_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// The SQL in OPERATIONS.md, as it stands there, runs on a store of the default configuration.
func TestOperationsSQL(t *testing.T) {
	operations, err := os.ReadFile("OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	server := pgtest.Server(t) // roles belong to the whole of it
	store := openPostgres(t, groupcommit.Config{DatabaseURL: server.URL(), Schema: "groupcommit"})
	mustAppend(t, store, identified(write("stream")))
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	blocks := regexp.MustCompile("(?ms)^```sql\n(.*?)^```").FindAllStringSubmatch(string(operations), -1)
	if len(blocks) < 4 {
		t.Fatalf("found %d statements", len(blocks))
	}
	for _, block := range blocks {
		if _, err := conn.PgConn().Exec(t.Context(), block[1]).ReadAll(); err != nil {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
}
