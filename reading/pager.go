package reading

import (
	"context"
	"fmt"
	"math"

	"github.com/groupcommit/groupcommit/command"
)

// pager fetches the pages of a query, each behind the one before it.
type pager struct {
	log   Log
	query *query
	rest  Selection // what is left; its Limit is that of all pages
	pace  pace
	bound bool // rest is bounded by where the log, or the stream, ended when it was looked at
	done  bool
}

func newPager(log Log, q *query) *pager {
	return &pager{log: log, query: q, rest: q.Selection, pace: q.pace(), done: q.unread}
}

func (p *pager) more() bool { return !p.done && p.rest.Limit > 0 && p.rest.After < p.rest.UpTo }

// next fetches a page, which may be empty. With an error come the events in front of what it is about.
func (p *pager) next(ctx context.Context) ([]command.RecordedEvent, error) {
	if p.rest.Filtered() {
		return p.filtered(ctx)
	}
	return p.whole(ctx)
}

// whole fetches a page of contiguous numbers.
func (p *pager) whole(ctx context.Context) ([]command.RecordedEvent, error) {
	selection := p.rest
	selection.Limit = min(p.pace.events, p.rest.Limit)
	events, err := p.log.Read(ctx, selection)
	if err != nil {
		return nil, err
	}
	if sound, err := p.contiguous(events, selection.Limit); err != nil {
		p.done = true
		return events[:sound], err
	}
	p.rest.Limit -= len(events)
	p.pace.after(events, p.query.pageSize)
	p.done = len(events) < selection.Limit
	if len(events) > 0 {
		p.pass(p.rest.number(&events[len(events)-1]))
	}
	return events, nil
}

// pass leaves behind all up to a number, which was the last of a page.
func (p *pager) pass(number int64) {
	if p.rest.Backward {
		p.rest.UpTo = number - 1
	} else {
		p.rest.After = number
	}
}

// contiguous checks that a page goes on where the one before it ended, and that nothing is missing from it; so many events are sound. Read
// backward, the first page may begin anywhere, and the last ends where the numbers do. One that has less than was asked for is the last.
func (p *pager) contiguous(events []command.RecordedEvent, asked int) (sound int, err error) {
	expected, step := p.rest.After+1, int64(1)
	if p.rest.Backward {
		expected, step = p.rest.UpTo, -1
		if !p.bound && len(events) > 0 {
			expected, p.bound = p.rest.number(&events[0]), true
		}
	}
	for i := range events {
		if n := p.rest.number(&events[i]); n != expected {
			return i, fmt.Errorf("%w: %s %d is missing, and %d is there", command.ErrDamaged, p.rest.numbers(), expected, n)
		}
		expected += step
	}
	if p.rest.Backward && len(events) < asked && expected > p.rest.After && p.bound {
		return len(events), fmt.Errorf("%w: %s %d is missing", command.ErrDamaged, p.rest.numbers(), expected)
	}
	return len(events), nil
}

func (s *Selection) numbers() string {
	if s.Stream != "" {
		return "version"
	}
	return "position"
}

// filtered goes through a window of numbers. Where it finds as many events as a page has, it stops there; where it finds few, the next one
// is larger.
func (p *pager) filtered(ctx context.Context) ([]command.RecordedEvent, error) {
	if err := p.limit(ctx); err != nil || !p.more() {
		return nil, err
	}
	selection := p.rest
	selection.Limit = min(p.pace.events, p.rest.Limit)
	if p.rest.Backward {
		selection.After = max(selection.After, selection.UpTo-p.pace.window)
	} else {
		selection.UpTo = min(selection.UpTo, selection.After+p.pace.window)
	}
	events, err := p.log.Read(ctx, selection)
	if err != nil {
		return nil, err
	}
	p.rest.Limit -= len(events)
	p.pace.after(events, p.query.pageSize)
	switch {
	case len(events) == selection.Limit:
		p.pass(p.rest.number(&events[len(events)-1]))
	case p.rest.Backward:
		p.pass(selection.After + 1)
	default:
		p.pass(selection.UpTo)
	}
	p.pace.widen(len(events), selection.Limit)
	return events, nil
}

// limit looks once where the log or the stream ends: beyond that there is no window.
func (p *pager) limit(ctx context.Context) (err error) {
	if p.bound {
		return nil
	}
	end := int64(math.MaxInt64)
	if p.rest.Stream != "" {
		end, err = p.log.StreamVersion(ctx, p.rest.Stream)
	} else {
		var tip command.Checkpoint
		tip, _, err = p.log.Tip(ctx, 0)
		end = tip.Position
	}
	if err != nil {
		return err
	}
	p.rest.UpTo, p.bound = min(p.rest.UpTo, end), true
	return nil
}
