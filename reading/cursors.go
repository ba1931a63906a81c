package reading

import (
	"container/heap"
	"context"
	"math"
	"sort"

	"github.com/groupcommit/groupcommit/command"
)

// cursor goes through one stream, up to a position of the log.
type cursor struct {
	pages *pager
	page  []command.RecordedEvent // begins with the next event
	upTo  int64
}

// fill sees to it that the page has an event, unless there is none any more.
func (c *cursor) fill(ctx context.Context) error {
	for len(c.page) == 0 && c.pages.more() {
		page, err := c.pages.next(ctx)
		if err != nil {
			return err
		}
		c.page = c.within(page)
	}
	return nil
}

// within cuts off what lies beyond the position, and with it all pages to come: positions of a stream grow with its versions. Read backward, there
// is nothing to cut off: add begins at the position.
func (c *cursor) within(page []command.RecordedEvent) []command.RecordedEvent {
	for n := len(page); n > 0 && page[n-1].Position > c.upTo; n-- {
		page = page[:n-1]
		c.pages.done = true
	}
	return page
}

// cursors is a heap: the one whose next event comes first is on top.
type cursors struct {
	all      []*cursor
	backward bool
}

func (h *cursors) Len() int { return len(h.all) }

func (h *cursors) Less(i, j int) bool {
	return (h.all[i].page[0].Position < h.all[j].page[0].Position) != h.backward
}

func (h *cursors) Swap(i, j int) { h.all[i], h.all[j] = h.all[j], h.all[i] }

func (h *cursors) Push(c any) { h.all = append(h.all, c.(*cursor)) }

func (h *cursors) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}

// add begins a stream, one of so many that share a page.
func (h *cursors) add(ctx context.Context, log Log, stream string, q *query, sharing int) error {
	own := *q
	own.Stream, own.After, own.UpTo, own.pageSize = stream, 0, math.MaxInt64, max(q.pageSize/sharing, 1)
	version, err := log.StreamVersion(ctx, stream)
	if err != nil {
		return err
	}
	if q.After > 0 {
		if own.After, err = versionAt(ctx, log, stream, version, q.After); err != nil {
			return err
		}
	}
	if q.Backward {
		if own.UpTo, err = versionAt(ctx, log, stream, version, q.UpTo); err != nil {
			return err
		}
		own.unread = own.UpTo == 0
	}
	c := &cursor{pages: newPager(log, &own), upTo: q.UpTo}
	if err := c.fill(ctx); err != nil {
		return err
	}
	if len(c.page) > 0 {
		heap.Push(h, c)
	}
	return nil
}

// next takes the first event off.
func (h *cursors) next(ctx context.Context) (command.RecordedEvent, error) {
	c := h.all[0]
	event := c.page[0]
	c.page = c.page[1:]
	if err := c.fill(ctx); err != nil {
		return event, err
	}
	if len(c.page) > 0 {
		heap.Fix(h, 0)
	} else {
		heap.Pop(h)
	}
	return event, nil
}

// versionAt is the version that a stream had when the log ended at a position, found by halving: it looks at a few of its events.
func versionAt(ctx context.Context, log Log, stream string, version, position int64) (int64, error) {
	var failed error
	later := sort.Search(int(version), func(i int) bool {
		if failed != nil {
			return false
		}
		at := Selection{Stream: stream, After: int64(i), UpTo: int64(i) + 1, Limit: 1}
		events, err := log.Read(ctx, at)
		if err != nil {
			failed = err
			return false
		}
		return len(events) == 0 || events[0].Position > position
	})
	return int64(later), failed
}
