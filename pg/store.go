package pg

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config of a Store.
type Config struct {
	// Pool describes the database and the connections that serve reads. Its connection settings and hooks (BeforeConnect,
	// AfterConnect) hold for the connections that write, too. It must come from pgxpool.ParseConfig.
	Pool *pgxpool.Config

	AcquireTimeout    time.Duration // how long a read waits for a connection; defaults to 30 s
	Schema            string        // defaults to "groupcommit"
	Migrate           bool          // bring the schema up to date
	LockTimeout       time.Duration // how long a commit waits for another process's; defaults to 2 s
	IdleInTransaction time.Duration // after which the server ends a commit whose client is gone; defaults to 10 s
	Logger            *slog.Logger  // defaults to discarding
}

// Store is a log in a PostgreSQL schema. The methods of committer.Log are called by one goroutine at a time; the reading methods
// by any number.
type Store struct {
	config Config
	schema string // quoted
	id     uuid.UUID

	pool   *pgxpool.Pool
	writer session // appends
	looker session // looks; apart, so that what it needs of a session does not touch appending
}

// DefaultSchema is the schema that is used when none is configured.
const DefaultSchema = "groupcommit"

// Open connects, migrates if asked to, and checks that the schema can be written to. It returns a *command.SchemaError when the
// schema or the role is not as needed, and any other error when the database cannot be reached.
func Open(ctx context.Context, config Config) (*Store, error) {
	config.Schema = cmp.Or(config.Schema, DefaultSchema)
	config.AcquireTimeout = cmp.Or(config.AcquireTimeout, 30*time.Second)
	config.LockTimeout = cmp.Or(config.LockTimeout, 2*time.Second)
	config.IdleInTransaction = cmp.Or(config.IdleInTransaction, 10*time.Second)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if err := checkSchemaName(config.Schema); err != nil {
		return nil, err
	}
	s := &Store{config: config, schema: quote(config.Schema), id: uuid.New()}
	s.writer.dial = s.dialWriter
	s.looker.dial = s.dialLooker
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	conn, err := s.writer.get(ctx)
	if err != nil {
		return fmt.Errorf("groupcommit: connecting to the database: %w", err)
	}
	if s.config.Migrate {
		if err := s.migrate(ctx); err != nil {
			return err
		}
	}
	if err := checkStore(ctx, conn, s.config.Schema); err != nil {
		return err
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, s.config.Pool); err != nil {
		return fmt.Errorf("groupcommit: opening the connection pool: %w", err)
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	config, err := s.connConfig(ctx)
	if err != nil {
		return err
	}
	return Migrate(ctx, config, s.config.Schema)
}

// Close releases all connections. Nothing of the store may be in use any more.
func (s *Store) Close() {
	s.writer.drop()
	s.looker.drop()
	if s.pool != nil {
		s.pool.Close()
	}
}
