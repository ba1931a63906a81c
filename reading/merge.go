package reading

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/groupcommit/groupcommit/command"
)

// ReadStreams reads several streams, at most MaxStreams, merged by position: in the order in which their events were committed, as one
// moment had them. Each stream that is named more than once is read once; After counts positions, and Limit all events together. A page of events is held
// for each stream, of PageSize divided by their number. To have them one after another, call ReadStream for each.
func (r *Reader) ReadStreams(ctx context.Context, streams []string, options ...Option) iter.Seq2[command.RecordedEvent, error] {
	q, invalid := newQuery("", options)
	if invalid == nil {
		invalid = mergeable(streams, q)
	}
	return func(yield func(command.RecordedEvent, error) bool) {
		if invalid != nil {
			yield(command.RecordedEvent{}, invalid)
			return
		}
		if err := r.merge(ctx, streams, *q, yield); err != nil {
			yield(command.RecordedEvent{}, err)
		}
	}
}

func mergeable(streams []string, q *query) error {
	switch {
	case len(streams) > MaxStreams:
		return &InvalidError{"streams", fmt.Sprintf("there are %d of them, and may be %d: read them in several calls, or ReadAll", len(streams), MaxStreams)}
	case q.Prefix != "":
		return &InvalidError{"StreamPrefix", "the streams are named: use ReadAll to read all with a prefix"}
	case q.from != command.Checkpoint{}:
		return &InvalidError{"From", "it is for the whole log: use After"}
	}
	for _, stream := range streams {
		if stream == "" {
			return errNameless
		}
	}
	return nil
}

// merge takes of each stream's next event the one that comes first.
func (r *Reader) merge(ctx context.Context, streams []string, q query, yield func(command.RecordedEvent, error) bool) error {
	if q.unread || q.Limit == 0 {
		return nil
	}
	end, err := r.End(ctx) // all streams as they were at this moment
	if err != nil {
		return err
	}
	q.UpTo = min(q.UpTo, end.Position)
	heads := &cursors{backward: q.Backward}
	for _, stream := range slices.Compact(slices.Sorted(slices.Values(streams))) {
		if err := heads.add(ctx, r.log, stream, &q, len(streams)); err != nil {
			return err
		}
	}
	for left := q.Limit; left > 0 && heads.Len() > 0; left-- {
		event, err := heads.next(ctx)
		if err != nil {
			return err
		}
		if event, err = r.upcast(event); err != nil {
			return err
		}
		if !yield(event, nil) {
			return nil
		}
	}
	return nil
}
