package pg

import (
	"fmt"
	"strings"
	"testing"
)

// The tables are read as such, also where nothing is known of their size.
func TestVerifyTrustsNoIndex(t *testing.T) {
	schema := migratedSchema(t)
	conn := schemaConn(t, schema)
	for _, settings := range []string{"", "SET enable_seqscan = off; SET enable_hashjoin = off", "ANALYZE"} {
		mustExec(t, conn, settings)
		mustExec(t, conn, "BEGIN")
		mustExec(t, conn, tablesOnly)
		plan := strings.Join(collect[string](t, conn, "EXPLAIN "+fmt.Sprintf(verifySQL, quote(schema))), "\n")
		mustExec(t, conn, "ROLLBACK")
		if strings.Contains(plan, "Index") || strings.Contains(plan, "Nested Loop") {
			t.Errorf("with %q:\n%s", settings, plan)
		}
	}
}
