package groupcommit

import (
	"context"
	"fmt"
	"iter"
	"math"
)

// pageSize is how many events are fetched at once. It bounds what a read holds in memory.
const pageSize = 200

// ReadOption says what part of a stream or of the log to read.
type ReadOption func(*readRange)

type readRange struct {
	after int64
	limit int
}

// After begins behind this version of a stream, or position of the log. Defaults to 0, the start.
func After(n int64) ReadOption { return func(r *readRange) { r.after = max(n, 0) } }

// Limit ends after this many events. Defaults to all there are.
func Limit(n int) ReadOption { return func(r *readRange) { r.limit = max(n, 0) } }

// ReadStream reads the committed events of a stream in the order of their versions. A stream that does not exist has none. The sequence
// ends after the newest event, or with an error. It fetches pages as it goes: memory stays flat at any length, and nothing
// is held between two pages.
func (s *Store) ReadStream(ctx context.Context, stream string, options ...ReadOption) iter.Seq2[RecordedEvent, error] {
	fetch := func(after int64, limit int) ([]RecordedEvent, error) {
		return s.log.ReadStream(ctx, stream, after, limit)
	}
	return pages(options, fetch, func(e *RecordedEvent) int64 { return e.Version })
}

// ReadAll reads the committed events of all streams in the order of their positions. There is no gap, now or later: an event
// that is committed afterwards has a higher position. Otherwise it is as ReadStream.
func (s *Store) ReadAll(ctx context.Context, options ...ReadOption) iter.Seq2[RecordedEvent, error] {
	fetch := func(after int64, limit int) ([]RecordedEvent, error) { return s.log.ReadAll(ctx, after, limit) }
	return pages(options, fetch, func(e *RecordedEvent) int64 { return e.Position })
}

// fetch reads at most limit events behind after.
type fetch func(after int64, limit int) ([]RecordedEvent, error)

// pages yields what fetch returns, page after page. Versions and positions are contiguous, which is checked: a hole means that the
// log is damaged, and nobody steps over it unknowingly.
func pages(options []ReadOption, fetch fetch, number func(*RecordedEvent) int64) iter.Seq2[RecordedEvent, error] {
	wanted := readRange{limit: math.MaxInt}
	for _, option := range options {
		option(&wanted)
	}
	return func(yield func(RecordedEvent, error) bool) {
		after, left := wanted.after, wanted.limit
		for left > 0 {
			size := min(pageSize, left)
			page, err := fetch(after, size)
			if err != nil {
				yield(RecordedEvent{}, err)
				return
			}
			for i := range page {
				if n := number(&page[i]); n != after+1 {
					yield(RecordedEvent{}, fmt.Errorf("groupcommit: the log is damaged: %d is followed by %d", after, n))
					return
				}
				if !yield(page[i], nil) {
					return
				}
				after++
			}
			if len(page) < size {
				return
			}
			left -= size
		}
	}
}
