package groupcommit

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/pipeline"
	"github.com/groupcommit/groupcommit/reading"
)

// Config says where the events are kept and how commands are batched. The zero value of a field means its default; a
// negative one is an error but where it is said to switch something off, and so is, but for Linger, a duration of less than a millisecond.
// Open checks it once; later changes have no effect.
//
// The struct carries tags for github.com/caarlos0/env, so that a program may embed it in its own configuration.
type Config struct {
	// DatabaseURL is a connection string of PostgreSQL, as a URL or as key=value pairs. What it does not say is taken from the
	// PG* environment variables, as psql does. The connection settings below, where they are not zero, take precedence.
	DatabaseURL string `env:"DATABASE_URL"`

	// Pool can be given instead of DatabaseURL and all connection settings below, for what they cannot say: TLS, tokens that are
	// fetched before connecting, tracers. It must come from pgxpool.ParseConfig. It serves reads; the connections that write are
	// opened beside it with the same connection settings and hooks.
	Pool *pgxpool.Config `env:"-"`

	// Schema holds the tables, and is for nothing else: "public", which is everybody's, is refused. Lower-case letters, digits and underscores,
	// at most 63. Defaults to "groupcommit".
	Schema string `env:"GROUPCOMMIT_SCHEMA"`

	// Migrate brings the schema up to date at Open, and creates it where it is missing. Without it, Open returns a *SchemaError that
	// says what is missing.
	Migrate bool `env:"GROUPCOMMIT_MIGRATE"`

	// DataType is what the data of events is kept as. It is chosen when the schema is created, by its first migration, and never changes.
	// DataJSONB, the default, takes JSON, and SQL can look into it; what is read back is equal JSON, not equal bytes. DataBytea takes any
	// bytes and gives back the very same, and SQL cannot look into them: choose it for Protobuf and the like, for what is encrypted or
	// signed, or because it is written about a fifth quicker. Metadata is JSON in either. Where DataType is not set, Open follows the
	// schema that is there; where it is, a schema of the other type is a *SchemaError.
	DataType DataType `env:"GROUPCOMMIT_DATA_TYPE"`

	// A batch closes when it holds BatchCommands (defaults to 1,000) or BatchBytes (8 MiB), when its first command has waited
	// for Linger (10 ms; negative: does not wait), and, unless NoEager is set, at once when no commit is in flight, and beside
	// others when it has its share: a part 1/InFlight of what waits and is in flight, and not less than is worth a commit.
	BatchCommands int           `env:"GROUPCOMMIT_BATCH_COMMANDS"`
	BatchBytes    int           `env:"GROUPCOMMIT_BATCH_BYTES"`
	Linger        time.Duration `env:"GROUPCOMMIT_LINGER"`
	NoEager       bool          `env:"GROUPCOMMIT_NO_EAGER"`

	// InFlight is how many commits may be under way at a time, each on a connection of its own. While one is being flushed the next is
	// already copied; they take effect in order. Defaults to 3, at most 16.
	InFlight int `env:"GROUPCOMMIT_IN_FLIGHT"`

	// The queue in front of the batches holds QueueCommands (defaults to 16,384, at most 1,048,576) and QueueBytes (64 MiB).
	// Where it is full, Submit waits and TrySubmit refuses. It must have room for MaxCommandBytes. What a command takes in memory is somewhat more
	// than is counted there, about a hundred bytes an event: one that the whole queue has no room for is an *InvalidError.
	QueueCommands int `env:"GROUPCOMMIT_QUEUE_COMMANDS"`
	QueueBytes    int `env:"GROUPCOMMIT_QUEUE_BYTES"`

	// The largest command that is accepted.
	MaxEventBytes     int `env:"GROUPCOMMIT_MAX_EVENT_BYTES"`     // data of one event; defaults to 1 MiB
	MaxMetadataBytes  int `env:"GROUPCOMMIT_MAX_METADATA_BYTES"`  // metadata of one event; defaults to 64 KiB
	MaxCommandBytes   int `env:"GROUPCOMMIT_MAX_COMMAND_BYTES"`   // data, metadata and names; defaults to 4 MiB
	MaxCommandEvents  int `env:"GROUPCOMMIT_MAX_COMMAND_EVENTS"`  // defaults to 1,000
	MaxCommandStreams int `env:"GROUPCOMMIT_MAX_COMMAND_STREAMS"` // defaults to 100
	MaxNameBytes      int `env:"GROUPCOMMIT_MAX_NAME_BYTES"`      // stream names and event types; defaults to 255

	// SkipJSONCheck trusts the caller that data and metadata are JSON (with DataBytea: that metadata is). It saves about a microsecond
	// per command. What is not JSON is then found by the database, and its batch is committed a second time without it. OpenInMemory
	// finds nothing.
	SkipJSONCheck bool `env:"GROUPCOMMIT_SKIP_JSON_CHECK"`

	// HeadStreams is how many streams' versions are kept in memory, so that a command for one of them needs no look-up.
	// Defaults to 100,000.
	HeadStreams int `env:"GROUPCOMMIT_HEAD_STREAMS"`

	// StateStreams is of how many streams the states are kept in memory for deciders, and StateBytes how much memory they may take, by what the
	// deciders say of their states; those used last stay. Default to 1,000 and 64 MiB.
	StateStreams int `env:"GROUPCOMMIT_STATE_STREAMS"`
	StateBytes   int `env:"GROUPCOMMIT_STATE_BYTES"`

	// DecideLimit is how long a decider may take to decide, or to fold an event, before it is logged and told to Hooks.Overran: everybody
	// waits for it. Defaults to 100 ms.
	DecideLimit time.Duration `env:"GROUPCOMMIT_DECIDE_LIMIT"`

	// RetryFor is how long a batch is tried again, after the database has failed it or other processes were quicker time after time, before
	// its commands are told ErrNotWritten or ErrOutcomeUnknown. Defaults to 30 s.
	RetryFor time.Duration `env:"GROUPCOMMIT_RETRY_FOR"`

	// CloseTimeout bounds Close, beside its context. Defaults to 60 s.
	CloseTimeout time.Duration `env:"GROUPCOMMIT_CLOSE_TIMEOUT"`

	// LockTimeout is how long a commit waits in the server for that of another process, before it looks whether that one was abandoned, and
	// ends it. Defaults to 2 s, at most 24 h.
	LockTimeout time.Duration `env:"GROUPCOMMIT_LOCK_TIMEOUT"`

	// IdleInTransaction is after what time the server ends a commit whose client has gone silent. Defaults to 10 s, at
	// most 24 h.
	IdleInTransaction time.Duration `env:"GROUPCOMMIT_IDLE_IN_TRANSACTION"`

	// Strict makes Open refuse a database whose settings do not keep what is acknowledged: fsync or full_page_writes is off,
	// synchronous_commit is off, or is local where synchronous standbys are configured, or damage is passed over in silence
	// (data_sync_retry, zero_damaged_pages, ignore_checksum_failure). It returns a *SettingError for each. Settings may be those of a role or
	// database, and may change, so each connection that is opened later is judged, too: nothing is written over one that is weaker,
	// and commands end with ErrNotWritten and the *SettingError while there is no other. Without Strict, all of this is told to Logger once.
	//
	// What is asked is what the settings say. A service that keeps the write-ahead log in a place of its own may turn them off with good
	// reason, and a disk may lie.
	Strict bool `env:"GROUPCOMMIT_STRICT"`

	// AcceptLostCommits says what happens when the database turns out to have lost commits that it had acknowledged: a standby that was behind
	// has become the primary, or a backup was restored. It shows when the log is looked at or appended to next, before anything is
	// written. Logger is told as of an error, in either case.
	//
	// Without AcceptLostCommits, the default, writing stops: every command ends with ErrNotWritten and ErrLostCommits, because what callers
	// were told before, and may have acted on, does not hold any more. Reading goes on. With it the store forgets what it knew, takes the
	// log as it is, and judges the commands on that. Another log in the place of this one, in a schema that was created anew or on
	// another server, is never accepted.
	//
	// It shows only to a store that was open at the time. One that is opened later knows what the log says and nothing else: whoever starts a
	// program again that has stopped, by hand or by a supervisor, accepts the loss for it.
	AcceptLostCommits bool `env:"GROUPCOMMIT_ACCEPT_LOST_COMMITS"`

	// Connections. MaxConnections and MinConnections size the pool for reads; InFlight and four more are opened for writing,
	// and one while there is a subscription.
	MaxConnections  int           `env:"GROUPCOMMIT_MAX_CONNECTIONS"`  // defaults to 20
	MinConnections  int           `env:"GROUPCOMMIT_MIN_CONNECTIONS"`  // kept open; defaults to 5, or less if MaxConnections is
	AcquireTimeout  time.Duration `env:"GROUPCOMMIT_ACQUIRE_TIMEOUT"`  // a read waits for a connection; defaults to 30 s
	IdleTimeout     time.Duration `env:"GROUPCOMMIT_IDLE_TIMEOUT"`     // an unused connection is closed; defaults to 10 min
	MaxLifetime     time.Duration `env:"GROUPCOMMIT_MAX_LIFETIME"`     // a connection is replaced; defaults to 30 min
	ConnectTimeout  time.Duration `env:"GROUPCOMMIT_CONNECT_TIMEOUT"`  // for one attempt to connect; defaults to 5 s
	ApplicationName string        `env:"GROUPCOMMIT_APPLICATION_NAME"` // as the server shows it; defaults to "groupcommit"

	// Logger is told what an operator should know. It never sees data, secrets or connection strings. Defaults to discarding.
	Logger *slog.Logger `env:"-"`

	// PollInterval is how often a subscription looks for what it was not told of. Defaults to a second. It matters where nobody can tell:
	// on a standby, and while the connection that listens is lost.
	PollInterval time.Duration `env:"GROUPCOMMIT_POLL_INTERVAL"`

	// Upcast turns events of an old shape into what they are now: on every way of reading, and for deciders, also of what was just submitted. It must
	// leave Position, Stream, Version, ID and RecordedAt as they are, and may write to Data and Metadata, which nobody else reads. An error ends
	// the read; a decision that needs the event fails with an *EvolveError. Any number of goroutines call it. Defaults to none.
	Upcast UpcastFunc `env:"-"`

	// Hooks are told what happens inside.
	Hooks Hooks `env:"-"`

	// Tracer opens spans on the way of commands, their batches and commits. Defaults to none. Package telemetry/oteltrace, a module of its own, is one
	// for OpenTelemetry.
	Tracer Tracer `env:"-"`

	// NoStats makes Store.Stats count nothing; that writing stalls or has stopped is told all the same. Counting costs less than two commands in a
	// hundred: BenchmarkTelemetry measures it.
	NoStats bool `env:"GROUPCOMMIT_NO_STATS"`
}

// ConfigError says which field of a Config cannot be used. Open returns it and starts nothing.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("groupcommit: Config.%s: %s", e.Field, e.Reason)
}

// check tells what cannot be meant.
func (c *Config) check() error {
	return cmp.Or(
		c.checkNumbers(),
		c.checkDurations(),
		c.checkDataType(),
		atMost("QueueCommands", c.QueueCommands, maxQueueCommands),
		atMost("InFlight", c.InFlight, maxInFlight),
		atMost("LockTimeout", c.LockTimeout, maxServerTimeout),
		atMost("IdleInTransaction", c.IdleInTransaction, maxServerTimeout),
		c.checkQueueBytes(),
	)
}

func (c *Config) checkNumbers() error {
	for _, n := range []struct {
		field string
		value int
	}{
		{"BatchCommands", c.BatchCommands}, {"BatchBytes", c.BatchBytes}, {"InFlight", c.InFlight},
		{"QueueCommands", c.QueueCommands}, {"QueueBytes", c.QueueBytes},
		{"MaxEventBytes", c.MaxEventBytes}, {"MaxMetadataBytes", c.MaxMetadataBytes}, {"MaxCommandBytes", c.MaxCommandBytes},
		{"MaxCommandEvents", c.MaxCommandEvents}, {"MaxCommandStreams", c.MaxCommandStreams}, {"MaxNameBytes", c.MaxNameBytes},
		{"HeadStreams", c.HeadStreams}, {"StateStreams", c.StateStreams}, {"StateBytes", c.StateBytes},
		{"MaxConnections", c.MaxConnections}, {"MinConnections", c.MinConnections},
	} {
		if n.value < 0 {
			return &ConfigError{Field: n.field, Reason: "it is negative"}
		}
	}
	return nil
}

// checkDurations finds what was meant in another unit, too: a number without one counts nanoseconds.
func (c *Config) checkDurations() error {
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"RetryFor", c.RetryFor}, {"CloseTimeout", c.CloseTimeout}, {"LockTimeout", c.LockTimeout}, {"IdleInTransaction", c.IdleInTransaction},
		{"AcquireTimeout", c.AcquireTimeout}, {"IdleTimeout", c.IdleTimeout}, {"MaxLifetime", c.MaxLifetime},
		{"ConnectTimeout", c.ConnectTimeout}, {"PollInterval", c.PollInterval},
		{"DecideLimit", c.DecideLimit},
	} {
		switch {
		case d.value < 0:
			return &ConfigError{Field: d.field, Reason: "it is negative"}
		case d.value > 0 && d.value < minDuration:
			return &ConfigError{Field: d.field, Reason: fmt.Sprintf("it is %v, at least %v is possible", d.value, minDuration)}
		}
	}
	return nil
}

func (c *Config) checkQueueBytes() error {
	queue, largest := cmp.Or(c.QueueBytes, batcher.DefaultQueueBytes), c.limits().WithDefaults().CommandBytes
	if queue >= largest {
		return nil
	}
	return &ConfigError{
		Field:  "QueueBytes",
		Reason: fmt.Sprintf("it is %d, and a command of MaxCommandBytes, %d, would never have room: raise the one or lower the other", queue, largest),
	}
}

func (c *Config) checkDataType() error {
	switch c.DataType {
	case "", DataJSONB, DataBytea:
		return nil
	default:
		return &ConfigError{Field: "DataType", Reason: fmt.Sprintf("it is %q, and can be %q or %q", c.DataType, DataJSONB, DataBytea)}
	}
}

const (
	maxQueueCommands = 1 << 20          // the queue is allocated at once
	maxInFlight      = 16               // each is a connection, and more than a few only make failures dearer
	minDuration      = time.Millisecond // below, another unit was meant
	maxServerTimeout = 24 * time.Hour   // the server counts milliseconds in 32 bits
)

func atMost[T int | time.Duration](field string, value, limit T) error {
	if value <= limit {
		return nil
	}
	return &ConfigError{Field: field, Reason: fmt.Sprintf("it is %v, at most %v is possible", value, limit)}
}

func (c *Config) limits() command.Limits {
	return command.Limits{
		EventBytes:     c.MaxEventBytes,
		MetadataBytes:  c.MaxMetadataBytes,
		CommandBytes:   c.MaxCommandBytes,
		CommandEvents:  c.MaxCommandEvents,
		CommandStreams: c.MaxCommandStreams,
		NameBytes:      c.MaxNameBytes,
		AnyData:        c.DataType == DataBytea,
		SkipJSONCheck:  c.SkipJSONCheck,
	}
}

func (c *Config) pipeline() pipeline.Config {
	return pipeline.Config{
		Limits: c.limits(),
		Batcher: batcher.Config{
			MaxItems:   c.BatchCommands,
			MaxBytes:   c.BatchBytes,
			Linger:     c.Linger,
			NoEager:    c.NoEager,
			QueueItems: c.QueueCommands,
			QueueBytes: c.QueueBytes,
		},
		Committer: committer.Config{
			InFlight:          c.InFlight,
			HeadStreams:       c.HeadStreams,
			CommitBytes:       c.BatchBytes,
			StateStreams:      c.StateStreams,
			StateBytes:        c.StateBytes,
			DecideLimit:       c.DecideLimit,
			RetryFor:          c.RetryFor,
			AcceptLostCommits: c.AcceptLostCommits,
			Logger:            c.Logger,
			Hooks:             c.Hooks,
		},
		NoStats: c.NoStats,
		Tracer:  c.Tracer,
	}
}

func (c *Config) reading() reading.Config {
	return reading.Config{PollInterval: c.PollInterval, Upcast: c.Upcast, Logger: c.Logger}
}
