package reading

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Batch is what a subscription has read in one go.
type Batch struct {
	Events []command.RecordedEvent // in the order of their positions; none where a filter let none through
	Last   command.Checkpoint      // everything up to here has been read: go on From it
	End    int64                   // where the log ended meanwhile; less Last.Position, the lag in events
}

// Subscribe reads the events of the log behind a position, in order and without a gap, and then waits for more, until ctx ends: then the
// sequence ends too. It is endless otherwise: a connection that is lost and a server that restarts are waited for. It ends with an error where
// going on would skip or repeat events, or has no use: command.ErrLostCommits, a damaged log, a role that may not read, an upcast that
// fails, command.ErrClosed.
//
// It is woken by commits of this process, and of others by a notification of the database; PollInterval is the safety net. Between two events
// nothing is held: a slow consumer is in nobody's way, and memory is that of one page.
func (r *Reader) Subscribe(ctx context.Context, after int64, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	batches := r.SubscribeBatches(ctx, after, options...)
	return func(yield func(command.RecordedEvent, error) bool) {
		for batch, err := range batches {
			if err != nil {
				yield(command.RecordedEvent{}, err)
				return
			}
			for _, event := range batch.Events {
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

// SubscribeBatches is Subscribe in batches: what is there, at most PageSize events, with the checkpoint to resume from. Behind a filter a batch
// may be empty: it tells how far the log was read.
func (r *Reader) SubscribeBatches(ctx context.Context, after int64, options ...Option) iter.Seq2[Batch, error] {
	q, invalid := newQuery("", append([]Option{After(after)}, options...))
	if invalid == nil && (q.Backward || q.Limit != math.MaxInt) {
		invalid = &InvalidError{"Subscribe", "a subscription goes forward and has no end: leave the loop where it should end"}
	}
	return func(yield func(Batch, error) bool) {
		if invalid != nil {
			yield(Batch{}, invalid)
			return
		}
		at := command.Checkpoint{Position: q.After, CommitID: q.from.CommitID}
		s := &subscription{reader: r, query: q, at: at}
		if err := s.run(ctx, yield); err != nil && ctx.Err() == nil {
			yield(Batch{}, err)
		}
	}
}

// subscription follows the log.
type subscription struct {
	reader *Reader
	query  *query
	at     command.Checkpoint // read up to here; without a CommitID where nobody knows it
	outage outage
}

// errLeft says that the consumer has left the loop.
var errLeft = errors.New("left")

func (s *subscription) run(ctx context.Context, yield func(Batch, error) bool) error {
	leave := s.reader.bell.follow()
	defer leave()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(s.reader.life, func() { end(command.ErrClosed) })()
	for {
		rung := s.reader.bell.next()
		err := s.catchUp(ctx, yield)
		switch {
		case errors.Is(err, errLeft):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, command.ErrUnavailable):
			s.outage.wait(ctx, s.reader.config.Logger, err)
		case err != nil:
			return err
		default:
			s.outage.over(s.reader.config.Logger)
			await(ctx, rung, s.reader.config.PollInterval)
		}
	}
}

// catchUp yields what is in the log by now.
func (s *subscription) catchUp(ctx context.Context, yield func(Batch, error) bool) error {
	end, holder, err := s.reader.log.Tip(ctx, s.at.Position)
	if err != nil {
		return err
	}
	if err := lost(s.at, end, holder); err != nil {
		return err
	}
	if end.Position < s.at.Position && s.at.CommitID == uuid.Nil {
		return nil // a position that is not there yet is waited for
	}
	s.at.CommitID = holder
	for s.at.Position < end.Position {
		batch, err := s.batch(ctx, end)
		if err != nil {
			return err
		}
		s.at = batch.Last
		if !yield(batch, nil) {
			return errLeft
		}
	}
	return nil
}

// batch reads the next page, or window, up to the end at most.
func (s *subscription) batch(ctx context.Context, end command.Checkpoint) (Batch, error) {
	q := *s.query
	q.After, q.UpTo = s.at.Position, end.Position
	pages := newPager(s.reader.log, &q)
	pages.bound = true
	if s.query.window > 0 {
		pages.window = s.query.window
	}
	events, err := pages.next(ctx)
	if err != nil {
		return Batch{}, err
	}
	s.query.window = pages.window
	last, err := s.checkpoint(ctx, pages.rest.After, end)
	if err != nil {
		return Batch{}, err
	}
	for i := range events {
		if events[i], err = s.reader.upcast(events[i]); err != nil {
			return Batch{}, err
		}
	}
	return Batch{Events: events, Last: last, End: end.Position}, nil
}

// checkpoint finds the commit that holds a position.
func (s *subscription) checkpoint(ctx context.Context, position int64, end command.Checkpoint) (command.Checkpoint, error) {
	if position == end.Position {
		return end, nil
	}
	_, holder, err := s.reader.log.Tip(ctx, position)
	return command.Checkpoint{Position: position, CommitID: holder}, err
}
