package reading

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

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
// going on would skip or repeat events, or has no use: command.ErrLostCommits, command.ErrDamaged, a role that may not read, an upcast
// that fails, command.ErrClosed.
//
// It is woken by commits of this process, and of others by a notification of the database; PollInterval is the safety net. Between two events
// nothing is held: a slow consumer is in nobody's way, and memory is that of one page.
func (r *Reader) Subscribe(ctx context.Context, after int64, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	batches := r.subscribe(ctx, after, options, true)
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
	return r.subscribe(ctx, after, options, false)
}

// subscribe is SubscribeBatches. Passing batches are not given away, and so they need not be copies.
func (r *Reader) subscribe(ctx context.Context, after int64, options []Option, passing bool) iter.Seq2[Batch, error] {
	q, invalid := newQuery("", append([]Option{After(after)}, options...))
	switch {
	case invalid != nil:
	case q.Backward || q.Limit != math.MaxInt:
		invalid = &InvalidError{"Subscribe", "a subscription goes forward and has no end: leave the loop where it should end"}
	case q.grouped:
		invalid = errGrouped
	}
	return func(yield func(Batch, error) bool) {
		if invalid != nil {
			yield(Batch{}, invalid)
			return
		}
		s := newSubscription(r, q)
		s.passing = passing
		if err := s.run(ctx, yield); err != nil && ctx.Err() == nil {
			yield(Batch{}, err)
		}
	}
}

// subscription follows the log.
type subscription struct {
	reader *Reader
	query  query
	pace   pace
	at     command.Checkpoint // read up to here; without a CommitID where nobody knows it
	end    int64              // of the log, when it was last seen; 0: it was not
	outage outage

	passing bool  // nobody is given the batches themselves
	failed  error // it has ended with this
}

func newSubscription(r *Reader, q *query) *subscription {
	return &subscription{reader: r, query: *q, pace: q.pace(), at: command.Checkpoint{Position: q.After, CommitID: q.from.CommitID}}
}

// errLeft says that the consumer has left the loop.
var errLeft = errors.New("left")

func (s *subscription) run(ctx context.Context, yield func(Batch, error) bool) error {
	s.reader.bell.follow()
	s.reader.progress.begin(s)
	defer s.leave()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(s.reader.life, func() { end(command.ErrClosed) })()
	for {
		rung, rings := s.reader.bell.next()
		err := s.catchUp(ctx, rings, yield)
		switch {
		case errors.Is(err, errLeft):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, command.ErrUnavailable):
			s.outage.wait(ctx, s.reader.config.Logger, err)
		case err != nil:
			if errors.Is(err, command.ErrLostCommits) {
				s.reader.tail.forget() // whoever goes on from an earlier place is not to be shown what is lost
			}
			s.failed = err
			return err
		default:
			s.outage.over(s.reader.config.Logger)
			await(ctx, rung, s.reader.config.PollInterval)
		}
	}
}

func (s *subscription) leave() {
	s.reader.progress.finish(s, s.failed)
	if last := s.reader.bell.leave(); last {
		s.reader.tail.forget()
	}
}

// catchUp yields what is in the log after so many rings of the bell.
func (s *subscription) catchUp(ctx context.Context, rings uint64, yield func(Batch, error) bool) error {
	for {
		step, err := s.look(ctx, rings)
		if err != nil {
			return err
		}
		moved := step.last.Position > s.at.Position
		s.at, s.end, s.pace = step.last, step.end, step.pace
		if moved {
			events, err := s.wanted(step.events)
			if err != nil {
				return err
			}
			s.reader.progress.hand(s, step.events)
			if !yield(Batch{Events: events, Last: step.last, End: step.end}, nil) {
				return errLeft
			}
		}
		s.reader.progress.note(s)
		if s.at.Position >= s.end && step.rings >= rings {
			return nil
		}
	}
}

// answerTimeout is how long an answer is waited for: where the network was cut without a word there is none.
const answerTimeout = time.Minute

var errNoAnswer = fmt.Errorf("%w: no answer within %v", command.ErrUnavailable, answerTimeout)

func (s *subscription) look(ctx context.Context, rings uint64) (step, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errNoAnswer)
	defer cancel()
	asked := time.Now()
	next, err := s.step(ctx, rings)
	switch {
	case err == nil:
		next.pace = s.pace.answered(next.pace, time.Since(asked))
	case ctx.Err() != nil:
		err, s.pace = context.Cause(ctx), s.pace.slower()
	}
	return next, err
}

// near is how far behind the end of the log a filtered subscription reads what the others read, and leaves out in this process what it does not
// want. Further behind, the database does.
const near = 2000

func (s *subscription) step(ctx context.Context, rings uint64) (step, error) {
	if s.query.Filtered() && (s.end == 0 || s.end-s.at.Position > near) {
		return s.reader.step(ctx, s.at, &s.query, s.pace)
	}
	whole := query{Selection: Selection{UpTo: math.MaxInt64, Limit: math.MaxInt}, pageSize: s.query.pageSize}
	if s.at.CommitID == uuid.Nil { // what others have read there need not be what is there now
		return s.reader.step(ctx, s.at, &whole, s.pace)
	}
	here := place{s.at, s.pace.events, whole.pageSize}
	next, err := s.reader.tail.step(ctx, here, rings, func() (step, error) { return s.reader.step(ctx, s.at, &whole, s.pace) })
	next.pace.window = s.pace.window // whoever took the step may go through the log in others
	return next, err
}

// wanted is what the subscription wants of events that others may read too, as they are now: a copy of its own, unless it is only passing. The
// bytes are shared, unless an upcast is given them, which may work in place.
func (s *subscription) wanted(shared []command.RecordedEvent) (events []command.RecordedEvent, err error) {
	if s.passing && s.reader.config.Upcast == nil && !s.query.Filtered() {
		return shared, nil
	}
	events = make([]command.RecordedEvent, 0, len(shared))
	for i := range shared {
		if !s.query.wants(&shared[i]) {
			continue
		}
		event := shared[i]
		if s.reader.config.Upcast != nil {
			event.Data, event.Metadata = bytes.Clone(event.Data), bytes.Clone(event.Metadata)
		}
		event, err := s.reader.upcast(event)
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}

// step is what was read of the log in one go.
type step struct {
	events []command.RecordedEvent
	last   command.Checkpoint // everything up to here
	end    int64              // of the log
	rings  uint64             // of the bell, before the log was looked at
	pace   pace               // for the next step
}

// step reads the next page, or window, behind a checkpoint that the log must hold.
func (r *Reader) step(ctx context.Context, at command.Checkpoint, q *query, p pace) (step, error) {
	_, rings := r.bell.next()
	end, holder, err := r.log.Tip(ctx, at.Position)
	if err != nil {
		return step{}, err
	}
	if err := lost(at, end, holder); err != nil {
		return step{}, err
	}
	if end.Position < at.Position { // a position that is not there yet is waited for
		return step{last: at, end: end.Position, rings: rings, pace: p}, nil
	}
	at.CommitID = holder
	next := step{last: at, end: end.Position, rings: rings, pace: p}
	if at.Position < end.Position {
		next.events, next.last, err = r.page(ctx, at, end, q, &next.pace)
	}
	return next, err
}

// page reads from one checkpoint on, up to another one at most.
func (r *Reader) page(ctx context.Context, at, end command.Checkpoint, q *query, p *pace) ([]command.RecordedEvent, command.Checkpoint, error) {
	part := *q
	part.After, part.UpTo = at.Position, end.Position
	pages := newPager(r.log, &part)
	pages.bound, pages.pace = true, *p
	events, err := pages.next(ctx)
	if err != nil {
		return nil, at, err
	}
	*p = pages.pace
	if pages.rest.After == at.Position {
		return nil, at, fmt.Errorf("%w: position %d is missing, and the log ends at %d", command.ErrDamaged, at.Position+1, end.Position)
	}
	last, err := r.holder(ctx, pages.rest.After, end)
	return events, last, err
}

// holder finds the commit that holds a position.
func (r *Reader) holder(ctx context.Context, position int64, end command.Checkpoint) (command.Checkpoint, error) {
	if position == end.Position {
		return end, nil
	}
	_, holder, err := r.log.Tip(ctx, position)
	return command.Checkpoint{Position: position, CommitID: holder}, err
}
