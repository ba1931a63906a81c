package groupcommit

import (
	"context"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/pg"
	"github.com/groupcommit/groupcommit/reading"
)

// What reads are asked for and give. Package reading describes them.
type (
	ReadOption      = reading.Option       // what part of a stream or of the log to read
	Batch           = reading.Batch        // what a subscription has read in one go
	Checkpoint      = command.Checkpoint   // a place in a log, to resume from
	ReadOptionError = reading.InvalidError // an option, or a stream, that cannot be used
	Progress        = reading.Progress     // how far a subscription has come, as told by Subscriptions
	UpcastFunc      = reading.UpcastFunc   // turns events of an old shape into what they are now
)

// After begins behind this version of a stream, or position of the log; backward, in front of it. Defaults to 0: the start; backward, the end.
func After(n int64) ReadOption { return reading.After(n) }

// From begins behind a checkpoint, and makes sure that the log still holds the commit that it names: otherwise the read ends with ErrLostCommits.
func From(checkpoint Checkpoint) ReadOption { return reading.From(checkpoint) }

// Limit ends after this many events. Defaults to all there are.
func Limit(n int) ReadOption { return reading.Limit(n) }

// Backward reads from the end to the start.
func Backward() ReadOption { return reading.Backward() }

// Grouped has ReadStreams read one stream after another, instead of all merged by position.
func Grouped() ReadOption { return reading.Grouped() }

// Types reads events of these types alone.
func Types(types ...string) ReadOption { return reading.Types(types...) }

// StreamPrefix reads the events of streams whose names begin with this text, byte for byte.
func StreamPrefix(prefix string) ReadOption { return reading.StreamPrefix(prefix) }

// PageSize is how many events are fetched at once, at most, and the largest batch of a subscription: 1 to 10,000, defaults to 1,000.
func PageSize(n int) ReadOption { return reading.PageSize(n) }

// Named gives a subscription the name under which Subscriptions tells how far it has come.
func Named(name string) ReadOption { return reading.Named(name) }

// Reader reads a log and cannot write to it. A Store reads in the same way; package reading describes the methods.
type Reader struct {
	*reading.Reader
	reads reading.Owner
	log   *pg.Reader
}

// OpenReader connects to a log for reading alone, where no pipeline is wanted: with a role that has SELECT on events, commits and schema_version,
// and on a hot standby, too. There a subscription sees what the standby has replayed, and looks for it every Config.PollInterval, since a standby
// cannot notify. It uses what Config says of the connection, Schema, DataType, PollInterval, Upcast and Logger, and migrates nothing. It returns what
// Open returns.
func OpenReader(ctx context.Context, config Config) (*Reader, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	pool, err := config.pool()
	if err != nil {
		return nil, err
	}
	log, err := pg.OpenReader(ctx, pg.Config{
		Pool: pool, AcquireTimeout: config.AcquireTimeout, Schema: config.Schema, DataType: config.DataType, Logger: config.Logger,
	})
	if err != nil {
		return nil, config.explained(err)
	}
	reader, reads := reading.New(log, config.reading())
	return &Reader{Reader: reader, reads: reads, log: log}, nil
}

// Ping returns nil when the database answers and schema and role are as reading needs them, a *SchemaError when they are not, or an error
// that says why the database did not answer.
func (r *Reader) Ping(ctx context.Context) error { return r.log.Ping(ctx) }

// Verify proves that the log is sound, or finds where it is not, as Store.Verify does. It needs SELECT on command_ids, too.
func (r *Reader) Verify(ctx context.Context) (VerifyReport, error) { return r.log.Verify(ctx) }

// Close ends all reads and subscriptions with ErrClosed and releases the connections. It may be called again.
func (r *Reader) Close() {
	r.reads.Stop()
	r.log.Close()
}
