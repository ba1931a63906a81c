package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
)

// Ping returns nil when the database answers and schema and role are as needed, and a *command.SchemaError when they are not. It is a read: it
// takes a connection of the pool. A schema that was migrated since Open is as needed: programs of both versions work while one takes the
// place of the other.
func (s *Store) Ping(ctx context.Context) error {
	return s.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := checkStore(ctx, conn.Conn(), s.config.Schema, s.dataType)
		if problem, ok := errors.AsType[*command.SchemaError](err); ok && problem.Problem == command.SchemaNewer {
			return nil
		}
		return err
	})
}
