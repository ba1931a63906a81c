package pg

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Ping returns nil when the database answers and schema and role are as needed, and a *command.SchemaError when they are not. It is a read: it
// takes a connection of the pool.
func (s *Store) Ping(ctx context.Context) error {
	return s.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := checkStore(ctx, conn.Conn(), s.config.Schema, s.dataType)
		return err
	})
}
