package ephemeral

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DropSchema drops a schema and all that is in it from the server at url, if it is there.
func DropSchema(ctx context.Context, url, schema string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// Whoever still holds a lock there has leaked a transaction.
	_, err = conn.Exec(ctx, "SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
	return err
}
