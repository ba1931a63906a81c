package ephemeral

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Connect opens a connection to the server at url, which may say something of a pool as well.
func Connect(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	return conn, oneline.Of(err)
}

// DropSchema drops a schema and all that is in it from the server at url, if it is there.
func DropSchema(ctx context.Context, url, schema string) error {
	conn, err := Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// Whoever still holds a lock there has leaked a transaction.
	_, err = conn.Exec(ctx, "SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
	return err
}
