package pg

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The fields of events are taken as they come unless the driver was told to talk text: scanning gives the same, only slowly.
func TestFieldsAsTheyCome(t *testing.T) {
	conn := schemaConn(t, migratedSchema(t))
	for mode, written := range map[pgx.QueryExecMode]bool{
		pgx.QueryExecModeCacheStatement: false,
		pgx.QueryExecModeDescribeExec:   false,
		pgx.QueryExecModeExec:           true,
		pgx.QueryExecModeSimpleProtocol: true,
	} {
		rows, err := conn.Query(t.Context(), "SELECT "+eventColumns+" FROM events", mode)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(rows.FieldDescriptions(), asText) != written {
			t.Errorf("%v: fields %v, written out: %v", mode, rows.FieldDescriptions(), !written)
		}
		rows.Close()
	}
}
