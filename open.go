package groupcommit

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pg"
	"github.com/groupcommit/groupcommit/pipeline"
)

// Open connects to PostgreSQL and starts a store. It returns a *ConfigError, a *SchemaError, or an error that says why the database
// cannot be reached; nothing is left running then. The caller closes the store.
func Open(ctx context.Context, config Config) (*Store, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	pool, err := config.pool()
	if err != nil {
		return nil, err
	}
	log, err := pg.Open(ctx, pg.Config{
		Pool:              pool,
		AcquireTimeout:    config.AcquireTimeout,
		InFlight:          config.InFlight,
		Schema:            config.Schema,
		Migrate:           config.Migrate,
		LockTimeout:       config.LockTimeout,
		IdleInTransaction: config.IdleInTransaction,
		Logger:            config.Logger,
	})
	if err != nil {
		return nil, err
	}
	return start(config, log, log.Close), nil
}

// OpenInMemory starts a store that keeps its events in memory, for tests: the same pipeline and the same verdicts without a
// database. Connection settings are ignored. Data is kept as it is given, byte for byte, and can still
// be read after Close.
func OpenInMemory(config Config) (*Store, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	return start(config, memlog.New(), func() {}), nil
}

func start(config Config, log log, release func()) *Store {
	return &Store{
		pipeline:     pipeline.New(config.pipeline(), log),
		log:          log,
		release:      release,
		closeTimeout: cmp.Or(config.CloseTimeout, time.Minute),
	}
}

// The parser's own words quote the string, and hide a password only where they find one.
const notAConnectionString = "it is not a connection string; see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING"

// pool is the configuration of all connections.
func (c *Config) pool() (*pgxpool.Config, error) {
	if c.Pool != nil {
		return c.Pool.Copy(), nil
	}
	pool, err := pgxpool.ParseConfig(c.DatabaseURL)
	if err != nil {
		return nil, &ConfigError{Field: "DatabaseURL", Reason: notAConnectionString}
	}
	pool.MaxConns = int32(min(cmp.Or(c.MaxConnections, 20), math.MaxInt32))
	pool.MinConns = min(int32(min(cmp.Or(c.MinConnections, 5), math.MaxInt32)), pool.MaxConns)
	pool.MaxConnIdleTime = cmp.Or(c.IdleTimeout, 10*time.Minute)
	pool.MaxConnLifetime = cmp.Or(c.MaxLifetime, 30*time.Minute)
	pool.ConnConfig.ConnectTimeout = cmp.Or(c.ConnectTimeout, 5*time.Second)
	if name := pool.ConnConfig.RuntimeParams["application_name"]; name == "" || c.ApplicationName != "" {
		pool.ConnConfig.RuntimeParams["application_name"] = cmp.Or(c.ApplicationName, "groupcommit")
	}
	return pool, nil
}
