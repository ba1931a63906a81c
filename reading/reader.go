package reading

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Config of a Reader. A zero field has its default.
type Config struct {
	// PollInterval is how often a subscription looks for what it was not told of. Defaults to a second.
	PollInterval time.Duration
	// Upcast turns events of an old shape into what they are now, on every way of reading. It must not change Position, Stream, Version, ID or
	// RecordedAt, may write to Data and Metadata, which nobody else reads, and is called by whoever reads. Defaults to leaving them as they are.
	Upcast UpcastFunc
	// Logger is told when a subscription cannot go on for a while. Defaults to discarding.
	Logger *slog.Logger
}

// UpcastFunc turns an event of an old shape into what it is now.
type UpcastFunc func(command.RecordedEvent) (command.RecordedEvent, error)

// Reader reads a log. All methods may be called by any number of goroutines.
//
// What is read is always a prefix of the log as it was committed, or of a stream: events become visible in the order of their positions, and
// none is ever missing in between. Where one is all the same, the read ends with command.ErrDamaged instead of stepping over the hole.
type Reader struct {
	log    Log
	config Config
	bell   *bell
	tail   *tail

	progress *progress

	life context.Context // ends with Close
	end  context.CancelCauseFunc
}

// Owner is what whoever made a Reader does with it, and those who only read with it do not.
type Owner struct{ reader *Reader }

// New makes a reader of a log. Its owner has to stop it.
func New(log Log, config Config) (*Reader, Owner) {
	if config.PollInterval <= 0 {
		config.PollInterval = time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Reader{log: log, config: config}
	r.life, r.end = context.WithCancelCause(context.Background())
	r.bell, r.tail = newBell(log.Watch), newTail()
	r.progress = newProgress()
	return r, Owner{r}
}

// Stop ends all subscriptions with command.ErrClosed. It returns when nothing of the reader runs any more but what its callers run.
func (o Owner) Stop() {
	o.reader.end(command.ErrClosed)
	o.reader.bell.stop()
}

// Appended tells the subscribers that this process has appended, up to a position: they need not hear it from anybody else.
func (o Owner) Appended(position int64) {
	o.reader.progress.grown(position)
	o.reader.bell.ring()
}

// ReadStream reads the committed events of a stream in the order of their versions. A stream that does not exist has none. The sequence
// ends after the newest event, or with an error. It fetches pages as it goes: memory stays flat at any length, and nothing
// is held between two pages.
func (r *Reader) ReadStream(ctx context.Context, stream string, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	q, invalid := newQuery(stream, options)
	if invalid == nil && stream == "" {
		invalid = errNameless
	}
	return r.read(ctx, q, invalid)
}

// ReadAll reads the committed events of all streams in the order of their positions. There is no gap, now or later: an event
// that is committed afterwards has a higher position. Otherwise it is as ReadStream.
//
// With a filter the log is read through in windows, each a single query of bounded length: however rare the events are, no query runs for long.
func (r *Reader) ReadAll(ctx context.Context, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	q, invalid := newQuery("", options)
	return r.read(ctx, q, invalid)
}

// StreamVersion is the committed version of a stream, 0 when it does not exist.
func (r *Reader) StreamVersion(ctx context.Context, stream string) (int64, error) {
	if stream == "" {
		return 0, errNameless
	}
	return r.log.StreamVersion(ctx, stream)
}

// End is where the log ends: the position of its newest event, 0 when it has none, and the commit that wrote it.
func (r *Reader) End(ctx context.Context) (command.Checkpoint, error) {
	end, _, err := r.log.Tip(ctx, 0)
	return end, err
}

// LogID tells one log from another: it is the ID of the commit that a log begins with, whose position is 0; zero where that was pruned.
func (r *Reader) LogID(ctx context.Context) (uuid.UUID, error) {
	_, first, err := r.log.Tip(ctx, 0)
	return first, err
}

// PositionAt is where the log ended at a time: with After or Limit, the log can be read as it was then. It is 0 before the first commit. Times of
// commits grow with their positions, whatever the clocks of the writers do.
func (r *Reader) PositionAt(ctx context.Context, at time.Time) (int64, error) {
	return r.log.PositionAt(ctx, at)
}

func (r *Reader) read(ctx context.Context, q *query, invalid error) iter.Seq2[command.RecordedEvent, error] {
	if invalid == nil && q.grouped {
		invalid = errGrouped
	}
	return func(yield func(command.RecordedEvent, error) bool) {
		if invalid != nil {
			yield(command.RecordedEvent{}, invalid)
			return
		}
		if err := r.readTo(ctx, q, yield); err != nil {
			yield(command.RecordedEvent{}, err)
		}
	}
}

// readTo yields the events of a query, page after page.
func (r *Reader) readTo(ctx context.Context, q *query, yield func(command.RecordedEvent, error) bool) error {
	if q.from.CommitID != uuid.Nil {
		if err := r.confirm(ctx, q.from); err != nil {
			return err
		}
	}
	pages := newPager(r.log, q)
	for pages.more() {
		page, failed := pages.next(ctx)
		for _, event := range page {
			event, err := r.upcast(event)
			if err != nil {
				return err
			}
			if !yield(event, nil) {
				return nil
			}
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// confirm returns command.ErrLostCommits when the log does not hold a checkpoint.
func (r *Reader) confirm(ctx context.Context, c command.Checkpoint) error {
	end, holder, err := r.log.Tip(ctx, c.Position)
	if err != nil {
		return err
	}
	return lost(c, end, holder)
}

// lost judges a checkpoint by the end of the log and the commit that holds its position. A commit that was pruned cannot be asked for; what
// followed it is there.
func lost(c, end command.Checkpoint, holder uuid.UUID) error {
	pruned := holder == uuid.Nil && c.Position < end.Position
	if c.CommitID == uuid.Nil || c.CommitID == holder || pruned {
		return nil
	}
	return fmt.Errorf("%w: commit %s, which held position %d, is not in the log, which ends at %d",
		command.ErrLostCommits, c.CommitID, c.Position, end.Position)
}

func (r *Reader) upcast(event command.RecordedEvent) (command.RecordedEvent, error) {
	if r.config.Upcast == nil {
		return event, nil
	}
	now, err := r.config.Upcast(event)
	if err != nil {
		return event, fmt.Errorf("groupcommit: upcast of %s at position %d: %w", event.Type, event.Position, err)
	}
	return now, nil
}
