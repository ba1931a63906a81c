package reading

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// Log is what reading needs of the place where events are kept. All methods may be called by any number of goroutines.
type Log interface {
	// Read gives the events of a selection. Where the selection has a filter and bounds, it also makes sure that no number between them is
	// missing from the log.
	Read(ctx context.Context, selection Selection) ([]command.RecordedEvent, error)

	// StreamVersion is 0 for a stream that does not exist.
	StreamVersion(ctx context.Context, stream string) (int64, error)

	// Tip tells where the log ends, and which commit holds a position: the zero UUID where none does that is still there.
	Tip(ctx context.Context, position int64) (end command.Checkpoint, holder uuid.UUID, err error)

	// PositionAt is where the log ended at a time: the last position of the newest commit that is not younger, 0 when there is none.
	PositionAt(ctx context.Context, at time.Time) (int64, error)

	// Watch calls ring when another process has appended, as far as it hears of it, until ctx ends.
	Watch(ctx context.Context, ring func())
}

// Selection says which events to read, by number: positions of the log, or versions of one stream.
type Selection struct {
	Stream   string // of this stream alone; "" is the whole log
	After    int64  // numbers above this one
	UpTo     int64  // and up to this one
	Backward bool   // the highest first
	Limit    int    // no more than so many

	Types  []string // of these types alone; none: of all
	Prefix string   // of streams whose names begin so
}

// Filtered tells whether numbers may be left out.
func (s *Selection) Filtered() bool { return len(s.Types) > 0 || s.Prefix != "" }

// Expected is how many events there are between bounds that nothing is filtered from; 0 where that is not known.
func (s *Selection) Expected() int {
	if s.Filtered() || s.UpTo == math.MaxInt64 {
		return 0
	}
	return int(max(min(int64(s.Limit), s.UpTo-s.After), 0))
}

// wants tells whether the filter lets an event through.
func (s *Selection) wants(e *command.RecordedEvent) bool {
	return (len(s.Types) == 0 || slices.Contains(s.Types, e.Type)) && strings.HasPrefix(e.Stream, s.Prefix)
}

// number is what the selection counts by.
func (s *Selection) number(e *command.RecordedEvent) int64 {
	if s.Stream != "" {
		return e.Version
	}
	return e.Position
}
