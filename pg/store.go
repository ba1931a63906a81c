package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/oneline"
)

// Config of a Store.
type Config struct {
	// Pool describes the database and the connections that serve reads. Its connection settings and hooks (BeforeConnect,
	// AfterConnect) hold for the connections that write, too. It must come from pgxpool.ParseConfig.
	Pool *pgxpool.Config

	AcquireTimeout    time.Duration    // how long a read waits for a connection; defaults to 30 s
	InFlight          int              // commits at a time, each on a connection of its own; defaults to 3
	Schema            string           // defaults to "groupcommit"
	Migrate           bool             // bring the schema up to date
	DataType          command.DataType // to create the schema with, and to insist on; zero: jsonb for a new one, else what it has
	LockTimeout       time.Duration    // how long a commit waits for another process's; defaults to 2 s
	IdleInTransaction time.Duration    // after which the server ends a commit whose client is gone; defaults to 10 s
	Strict            bool             // refuse settings with which an acknowledged commit is not durable, instead of telling Logger
	Logger            *slog.Logger     // defaults to discarding
}

// Store is a log in a PostgreSQL schema. The methods of committer.Log are called as it says; the reading methods by any number of
// goroutines.
type Store struct {
	Reader
	config Config

	lookSQL, recordsSQL string

	writers chan *session // free to append, as many as commits may be in flight
	looker  session       // looks; apart, so that what it needs of a session does not touch appending

	turn session // has the turn, or waits for it

	teller  session       // tells other processes
	news    chan struct{} // there is something to tell; of capacity 1
	telling sync.WaitGroup

	losses atomic.Int64 // of sessions

	orphans orphans // what is left of lost connections

	told     sync.Map      // weaknesses that Logger knows of
	loudness slog.LevelVar // with which it is told of one

	closing sync.Once
}

// DefaultSchema is the schema that is used when none is configured.
const DefaultSchema = "groupcommit"

// Open connects, migrates if asked to, and checks that the schema can be written to. It returns a *command.SchemaError when the
// schema or the role is not as needed, a *command.SettingError when a setting of the database is not, and any other error when the database
// cannot be reached. What it checks of a session holds for each that is opened later, too.
func Open(ctx context.Context, config Config) (*Store, error) {
	config.Schema = cmp.Or(config.Schema, DefaultSchema)
	config.InFlight = cmp.Or(config.InFlight, 3)
	config.LockTimeout = cmp.Or(config.LockTimeout, 2*time.Second)
	config.IdleInTransaction = cmp.Or(config.IdleInTransaction, 10*time.Second)
	reader, err := newReader(config)
	if err != nil {
		return nil, err
	}
	config.Logger = reader.logger
	s := &Store{Reader: *reader, config: config, news: make(chan struct{}, 1)}
	s.writers = make(chan *session, config.InFlight)
	s.lookSQL, s.recordsSQL = fmt.Sprintf(lookSQL, s.schema), fmt.Sprintf(recordsSQL, s.schema)
	for range config.InFlight {
		s.writers <- &session{dial: s.dialWriter, losses: &s.losses}
	}
	s.teller = session{dial: s.dialTeller, losses: &s.losses}
	s.looker = session{dial: s.dialLooker, losses: &s.losses}
	s.turn = session{dial: s.dialLooker, losses: &s.losses}
	s.orphans.control = session{dial: s.dialControl, losses: &s.losses}
	s.orphans.logger = config.Logger
	s.loudness.Set(slog.LevelWarn)
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	s.loudness.Set(slog.LevelError)
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	conn, err := s.looker.get(ctx)
	if err != nil {
		return connectError(err)
	}
	if err := s.checkDurability(ctx, s.looker.weak); err != nil { // before anything is changed
		return err
	}
	if s.config.Migrate {
		if err := s.migrate(ctx); err != nil {
			return err
		}
	}
	if s.dataType, err = checkSchema(ctx, conn, s.config.Schema, s.config.DataType, toWrite); err != nil {
		return err
	}
	if err := s.readOrigin(ctx, conn); err != nil {
		return err
	}
	if err := s.connectWriters(ctx); err != nil {
		return connectError(err)
	}
	if err := s.openPool(ctx); err != nil {
		return err
	}
	s.telling.Go(s.tell)
	return nil
}

// Ping returns nil when the database answers and schema and role are as needed, and a *command.SchemaError when they are not. It is a read: it
// takes a connection of the pool.
func (s *Store) Ping(ctx context.Context) error { return s.ping(ctx, toWrite) }

// connectError says what was tried, unless the database can be reached and is not as needed: that error says it all.
func connectError(err error) error {
	if err == nil {
		return nil
	}
	_, schema := errors.AsType[*command.SchemaError](err)
	_, setting := errors.AsType[*command.SettingError](err)
	if schema || setting {
		return err
	}
	return fmt.Errorf("groupcommit: connecting to the database: %w", oneline.Of(err))
}

// connectWriters opens the connections that append, and the one that has the turn, all at once: the first commits do not wait for
// them, and what stands in their way shows now.
func (s *Store) connectWriters(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range cap(s.writers) {
		writer := <-s.writers
		g.Go(func() error {
			defer func() { s.writers <- writer }()
			_, err := writer.get(ctx)
			return err
		})
	}
	g.Go(func() error {
		_, err := s.turn.get(ctx)
		return err
	})
	return g.Wait()
}

func (s *Store) migrate(ctx context.Context) error {
	config, err := s.connConfig(ctx)
	if err != nil {
		return err
	}
	return Migrate(ctx, config, s.config.Schema, s.config.DataType)
}

// Close releases all connections. Nothing of the store may be in use any more. It may be called again.
func (s *Store) Close() { s.closing.Do(s.release) }

func (s *Store) release() {
	s.end(command.ErrClosed)
	for range cap(s.writers) {
		(<-s.writers).drop()
	}
	s.looker.drop()
	s.turn.drop()
	s.orphans.drop()
	s.telling.Wait()
	s.Reader.Close()
}
