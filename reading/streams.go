package reading

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

// ReadStreams reads several streams, at most MaxStreams, as one moment had them: merged by position, which is the order in which their events
// were committed, or Grouped by stream. Each stream that is named more than once is read once; After counts positions, and Limit all events together.
// Merged, a page of events is held for each stream, of PageSize divided by their number; Grouped, one page.
func (r *Reader) ReadStreams(ctx context.Context, streams []string, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	q, invalid := newQuery("", options)
	if invalid == nil {
		invalid = checkStreams(streams, q)
	}
	streams = distinct(streams)
	return func(yield func(command.RecordedEvent, error) bool) {
		if invalid != nil {
			yield(command.RecordedEvent{}, invalid)
			return
		}
		if err := r.readStreams(ctx, streams, *q, yield); err != nil {
			yield(command.RecordedEvent{}, err)
		}
	}
}

func checkStreams(streams []string, q *query) error {
	switch {
	case len(streams) > MaxStreams:
		return &InvalidError{"streams", fmt.Sprintf("there are %d of them, and may be %d: read them in several calls, or ReadAll", len(streams), MaxStreams)}
	case slices.Contains(streams, ""):
		return errNameless
	case q.Prefix != "":
		return &InvalidError{"StreamPrefix", "the streams are named: use ReadAll to read all with a prefix"}
	case q.from != command.Checkpoint{}:
		return &InvalidError{"From", "it is for the whole log: use After"}
	}
	return nil
}

// distinct is the streams in the order in which they are named first.
func distinct(streams []string) (once []string) {
	seen := make(map[string]bool, len(streams))
	for _, stream := range streams {
		if !seen[stream] {
			once = append(once, stream)
		}
		seen[stream] = true
	}
	return once
}

// readStreams merges all streams, or reads each by itself.
func (r *Reader) readStreams(ctx context.Context, streams []string, q query, yield func(command.RecordedEvent, error) bool) error {
	if q.unread || q.Limit == 0 || len(streams) == 0 {
		return nil
	}
	end, err := r.End(ctx) // all streams as they were at this moment
	if err != nil {
		return err
	}
	q.UpTo = min(q.UpTo, end.Position)
	together := len(streams)
	if q.grouped {
		together = 1
	}
	for group := range slices.Chunk(streams, together) {
		if more, err := r.merge(ctx, group, &q, yield); err != nil || !more {
			return err
		}
	}
	return nil
}

// merge takes of each stream's next event the one that comes first, and counts down the limit. It tells whether more is wanted.
func (r *Reader) merge(ctx context.Context, streams []string, q *query, yield func(command.RecordedEvent, error) bool) (more bool, err error) {
	heads := &cursors{backward: q.Backward}
	for _, stream := range streams {
		if err := heads.add(ctx, r.log, stream, q, len(streams)); err != nil {
			return false, err
		}
	}
	for ; q.Limit > 0 && heads.Len() > 0; q.Limit-- {
		event, err := heads.next(ctx)
		if err != nil {
			return false, err
		}
		if event, err = r.upcast(event); err != nil {
			return false, err
		}
		if !yield(event, nil) {
			return false, nil
		}
	}
	return q.Limit > 0, nil
}
