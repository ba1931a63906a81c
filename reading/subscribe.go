package reading

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

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
	lately int                // events that came when it caught up last
	outage outage
}

// Where commits come one after another with many events each, they are not read one by one: that would cost the writers more than it gains.
const (
	crowd      = 32
	crowdPause = 5 * time.Millisecond
)

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
			if s.lately >= crowd {
				await(ctx, nil, crowdPause)
			}
		}
	}
}

// catchUp yields what is in the log by now: near its end from what all subscriptions share, further back each from the log.
func (s *subscription) catchUp(ctx context.Context, yield func(Batch, error) bool) error {
	s.lately = 0
	for {
		batch, err := s.next(ctx)
		if err != nil {
			return err
		}
		s.lately += len(batch.Events)
		if batch.Last.Position <= s.at.Position {
			s.at.CommitID = batch.Last.CommitID // which may not have been known
			return nil
		}
		s.at = batch.Last
		for i := range batch.Events {
			if batch.Events[i], err = s.reader.upcast(batch.Events[i]); err != nil {
				return err
			}
		}
		if !yield(batch, nil) {
			return errLeft
		}
	}
}

// next is the batch behind where the subscription is, or one that ends there, if there is nothing new.
func (s *subscription) next(ctx context.Context) (Batch, error) {
	if batch, ok, err := s.reader.tail.next(ctx, s.at, &s.query.Selection, s.query.pageSize); ok || err != nil {
		return batch, err
	}
	if s.query.Filtered() {
		return s.window(ctx)
	}
	return s.page(ctx)
}

// page reads the events that come next.
func (s *subscription) page(ctx context.Context) (Batch, error) {
	tip, events, err := s.reader.log.Next(ctx, s.at.Position, s.at.Position+int64(s.query.pageSize))
	if err != nil {
		return Batch{}, err
	}
	if err := tip.confirm(s.at); err != nil {
		return Batch{}, err
	}
	if err := complete(s.at.Position, events, tip.Stop.Position); err != nil {
		return Batch{}, err
	}
	return Batch{Events: events, Last: s.stop(&tip), End: tip.End.Position}, nil
}

// stop is where the log was read to. A position that is not there yet is waited for.
func (s *subscription) stop(tip *Tip) command.Checkpoint {
	if tip.Stop.Position < s.at.Position {
		return s.at
	}
	return tip.Stop
}

// window goes through the numbers that come next, as far as a filtered read does at a time.
func (s *subscription) window(ctx context.Context) (Batch, error) {
	window := max(s.query.window, minWindow)
	tip, err := s.reader.log.Tip(ctx, s.at.Position, s.at.Position+window)
	if err != nil {
		return Batch{}, err
	}
	if err := tip.confirm(s.at); err != nil || tip.Stop.Position <= s.at.Position {
		return Batch{Last: s.stop(&tip), End: tip.End.Position}, err
	}
	q := *s.query
	q.After, q.UpTo = s.at.Position, tip.Stop.Position
	pages := newPager(s.reader.log, &q)
	pages.bound, pages.window = true, window
	events, err := pages.next(ctx)
	if err != nil {
		return Batch{}, err
	}
	s.query.window = pages.window
	last := tip.Stop
	if pages.rest.After < last.Position { // the page was full before
		within, err := s.reader.log.Tip(ctx, pages.rest.After, 0)
		if err != nil {
			return Batch{}, err
		}
		last = command.Checkpoint{Position: pages.rest.After, CommitID: within.Holder}
	}
	return Batch{Events: events, Last: last, End: tip.End.Position}, nil
}

// complete makes sure that events are those behind a position, up to another.
func complete(after int64, events []command.RecordedEvent, upTo int64) error {
	for i := range events {
		if expected := after + 1 + int64(i); events[i].Position != expected {
			return fmt.Errorf("groupcommit: the log is damaged: position %d is missing, and %d is there", expected, events[i].Position)
		}
	}
	if last := after + int64(len(events)); last < upTo {
		return fmt.Errorf("groupcommit: the log is damaged: position %d is missing", last+1)
	}
	return nil
}
