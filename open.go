package groupcommit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pg"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/reading"
)

// Open connects to PostgreSQL and starts a store. It returns a *ConfigError, a *SchemaError, a *SettingError, or an error that says why the
// database cannot be reached; nothing is left running then. The caller closes the store.
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
		DataType:          config.DataType,
		LockTimeout:       config.LockTimeout,
		IdleInTransaction: config.IdleInTransaction,
		Strict:            config.Strict,
		Logger:            config.Logger,
	})
	if err != nil {
		return nil, config.explained(err)
	}
	config.DataType = log.DataType() // that of the schema, which config need not name
	store := start(config, log, log, log, log.Appended, log.Close)
	store.connections = log.Connections
	return store, nil
}

// Migrate brings the schema up to date, or creates it, and nothing else: for a deployment in which the role that writes may not. It uses
// the connection settings, the Schema and the DataType of config. Any number of processes may call it at once.
func Migrate(ctx context.Context, config Config) error {
	if err := config.check(); err != nil {
		return err
	}
	pool, err := config.pool()
	if err != nil {
		return err
	}
	return config.explained(pg.Migrate(ctx, pool.ConnConfig, cmp.Or(config.Schema, pg.DefaultSchema), config.DataType))
}

// OpenInMemory starts a store that keeps its events in memory, for tests: the same pipeline and the same verdicts without a
// database. Connection settings are ignored. Data is kept as it is given, byte for byte, and can still
// be read after Close.
func OpenInMemory(config Config) (*Store, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	log := memlog.New()
	if config.DataType == DataBytea {
		log = memlog.NewBytea()
	}
	return start(config, log, nil, nil, func() {}, func() {}), nil
}

// start tells whoever subscribes of each commit, in this process, and with tell in others.
func start(config Config, log log, turns committer.Turns, snapshots committer.SnapshotStore, tell, release func()) *Store {
	reader, reads := reading.New(log, config.reading())
	line := config.pipeline()
	line.Committer.Upcast = config.Upcast
	line.Committer.Turns, line.Committer.Snapshots = turns, snapshots
	raw, _ := reading.New(log, reading.Config{}) // nobody subscribes to it, so there is nothing to stop
	line.Committer.Read = func(ctx context.Context, stream string, after int64) iter.Seq2[RecordedEvent, error] {
		return raw.ReadStream(ctx, stream, After(after))
	}
	line.Committer.Hooks = line.Committer.Hooks.And(Hooks{Committed: func(info CommitInfo) {
		reads.Appended(info.First + int64(info.Events) - 1)
		tell()
	}})
	return &Store{
		Reader:       reader,
		reads:        reads,
		pipeline:     pipeline.New(line, log),
		log:          log,
		release:      release,
		closeTimeout: cmp.Or(config.CloseTimeout, time.Minute),
	}
}

// pool is the configuration of all connections.
func (c *Config) pool() (*pgxpool.Config, error) {
	if c.Pool != nil {
		return c.Pool.Copy(), nil
	}
	pool, err := pgxpool.ParseConfig(c.DatabaseURL)
	if err != nil {
		return nil, &ConfigError{Field: "DatabaseURL", Reason: notAConnectionString}
	}
	said, err := pgx.ParseConfig(c.DatabaseURL) // which keeps what is the pool's as it was said
	if err != nil {
		return nil, &ConfigError{Field: "DatabaseURL", Reason: notAConnectionString}
	}
	choose(said, "pool_max_conns", &pool.MaxConns, int32(min(c.MaxConnections, math.MaxInt32)), 20)
	choose(said, "pool_min_conns", &pool.MinConns, int32(min(c.MinConnections, math.MaxInt32)), min(5, pool.MaxConns))
	choose(said, "pool_max_conn_idle_time", &pool.MaxConnIdleTime, c.IdleTimeout, 10*time.Minute)
	choose(said, "pool_max_conn_lifetime", &pool.MaxConnLifetime, c.MaxLifetime, 30*time.Minute)
	pool.ConnConfig.ConnectTimeout = cmp.Or(c.ConnectTimeout, pool.ConnConfig.ConnectTimeout, 5*time.Second)
	if pool.MinConns > pool.MaxConns {
		return nil, &ConfigError{Field: "MinConnections", Reason: fmt.Sprintf("it is %d, more than MaxConnections, %d", pool.MinConns, pool.MaxConns)}
	}
	if name := pool.ConnConfig.RuntimeParams["application_name"]; name == "" || c.ApplicationName != "" {
		pool.ConnConfig.RuntimeParams["application_name"] = cmp.Or(c.ApplicationName, "groupcommit")
	}
	return pool, nil
}

// The parser's own words quote the string, and hide a password only where they find one.
const notAConnectionString = "it is not a connection string; see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING"

// explained adds to an error of connecting what has said where to, if that was not the Config.
func (c *Config) explained(err error) error {
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	if !connecting || c.DatabaseURL != "" || c.Pool != nil {
		return err
	}
	return fmt.Errorf("%w (Config.DatabaseURL is empty: where to connect to comes from PG* environment variables, or is the default)", err)
}

// choose sets a field of the pool: to what the Config says, else to what the connection string has said, else to our default.
func choose[T comparable](said *pgx.ConnConfig, parameter string, field *T, configured, byDefault T) {
	var zero T
	if configured != zero {
		*field = configured
	} else if _, ok := said.RuntimeParams[parameter]; !ok {
		*field = byDefault
	}
}
