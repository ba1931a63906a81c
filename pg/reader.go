package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/command"
)

// Reader reads a log in a PostgreSQL schema, over a pool of connections. All methods may be called by any number of goroutines.
type Reader struct {
	name     string           // of the schema
	schema   string           // quoted
	dataType command.DataType // of the events in it
	id       uuid.UUID        // of this process, to the log
	origin   uuid.UUID        // the first commit, which is the identity of the log

	connections *pgxpool.Config
	acquire     time.Duration // how long a read waits for a connection
	logger      *slog.Logger
	pool        *pgxpool.Pool

	life context.Context // ends with Close, and with it every read
	end  context.CancelCauseFunc
}

// OpenReader connects, and checks that the schema can be read: by a role that may only read, and on a standby, too. It uses Pool,
// AcquireTimeout, Schema, DataType and Logger of config, and returns what Open returns.
func OpenReader(ctx context.Context, config Config) (*Reader, error) {
	r, err := newReader(config)
	if err != nil {
		return nil, err
	}
	if err := r.start(ctx, config.DataType); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func newReader(config Config) (*Reader, error) {
	name := cmp.Or(config.Schema, DefaultSchema)
	if err := checkSchemaName(name); err != nil {
		return nil, err
	}
	r := &Reader{
		name:        name,
		schema:      quote(name),
		id:          uuid.New(),
		connections: config.Pool.Copy(),
		acquire:     cmp.Or(config.AcquireTimeout, 30*time.Second),
		logger:      cmp.Or(config.Logger, slog.New(slog.DiscardHandler)),
	}
	r.connections.ConnConfig.RuntimeParams["client_encoding"] = "UTF8" // what Go's strings are in, whatever the role has
	r.life, r.end = context.WithCancelCause(context.Background())
	return r, nil
}

func (r *Reader) start(ctx context.Context, want command.DataType) error {
	if err := r.openPool(ctx); err != nil {
		return err
	}
	err := r.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
		if r.dataType, err = checkSchema(ctx, conn.Conn(), r.name, want, toRead); err == nil {
			err = r.readOrigin(ctx, conn.Conn())
		}
		return err
	})
	return connectError(err)
}

func (r *Reader) openPool(ctx context.Context) (err error) {
	if r.pool, err = pgxpool.NewWithConfig(ctx, r.connections); err != nil {
		return fmt.Errorf("groupcommit: opening the connection pool: %w", err)
	}
	return nil
}

func (r *Reader) readOrigin(ctx context.Context, conn *pgx.Conn) error {
	err := conn.QueryRow(ctx, "SELECT commit_id FROM "+r.schema+".commits WHERE previous = -1").Scan(&r.origin)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return incompleteSchema(r.name, "the first row of table commits")
	case err != nil:
		return fmt.Errorf("groupcommit: read the first commit in schema %q: %w", r.name, scrub(err))
	default:
		return nil
	}
}

// Ping returns nil when the database answers and schema and role are as reading needs them, and a *command.SchemaError when they are not. It is a
// read: it takes a connection of the pool.
func (r *Reader) Ping(ctx context.Context) error { return r.ping(ctx, toRead) }

// ping takes a schema that was migrated since Open for as needed: programs of both versions work while one takes the place of the other.
func (r *Reader) ping(ctx context.Context, purpose purpose) error {
	return r.reading(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := checkSchema(ctx, conn.Conn(), r.name, r.dataType, purpose)
		if problem, ok := errors.AsType[*command.SchemaError](err); ok && problem.Problem == command.SchemaNewer {
			return nil
		}
		return err
	})
}

// DataType is what the data of the events is, as the schema was created.
func (r *Reader) DataType() command.DataType { return r.dataType }

// connConfig is the configuration of a connection of our own.
func (r *Reader) connConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	config := r.connections.ConnConfig.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement // these are sessions, whatever reads have to go through
	if hook := r.connections.BeforeConnect; hook != nil {
		if err := hook(ctx, config); err != nil {
			return nil, fmt.Errorf("BeforeConnect: %w", err)
		}
	}
	return config, nil
}

// Close releases all connections. It may be called again.
func (r *Reader) Close() {
	r.end(command.ErrClosed)
	if r.pool != nil {
		r.closePool()
	}
}

// closePool does not wait for a server that does not answer: pgx does, for a quarter of a minute, in the background.
func (r *Reader) closePool() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		r.pool.Close()
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-closed:
	case <-timer.C:
	}
}

const closeTimeout = time.Second
