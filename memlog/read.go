package memlog

import (
	"context"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/reading"
)

var _ reading.Log = (*Log)(nil)

// Read implements reading.Log.
func (l *Log) Read(ctx context.Context, s reading.Selection) (events []command.RecordedEvent, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	places := l.places(&s)
	for i := 0; i < places.count && len(events) < s.Limit; i++ {
		n := i
		if s.Backward {
			n = places.count - 1 - i
		}
		if position := places.position(n); l.selects(&s, position) {
			events = append(events, l.recorded(position))
		}
	}
	return events, nil
}

// run is what a selection picks from: so many events, by their positions, ascending.
type run struct {
	count    int
	position func(i int) int64
}

func (l *Log) places(s *reading.Selection) run {
	if s.Stream == "" {
		first := min(max(s.After, 0), int64(len(l.events)))
		last := max(min(s.UpTo, int64(len(l.events))), first)
		return run{int(last - first), func(i int) int64 { return first + 1 + int64(i) }}
	}
	stream, exists := l.streams[s.Stream]
	if !exists {
		return run{}
	}
	first, last := stream.behind(s.After), stream.behind(s.UpTo)
	return run{max(last-first, 0), func(i int) int64 { return stream.places[first+i].position }}
}

// behind gives the index of the first event with a version greater than this one.
func (s *stream) behind(version int64) int {
	return sort.Search(len(s.places), func(i int) bool { return s.places[i].version > version })
}

func (l *Log) selects(s *reading.Selection, position int64) bool {
	e := &l.events[position-1]
	return (len(s.Types) == 0 || slices.Contains(s.Types, e.eventType)) && strings.HasPrefix(e.stream.name, s.Prefix)
}

// StreamVersion implements reading.Log.
func (l *Log) StreamVersion(ctx context.Context, name string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.version(name), nil
}

// Tip implements reading.Log.
func (l *Log) Tip(ctx context.Context, position int64) (end command.Checkpoint, holder uuid.UUID, err error) {
	if err := ctx.Err(); err != nil {
		return end, holder, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	last := l.end()
	end = command.Checkpoint{Position: last.last, CommitID: last.id}
	if i := sort.Search(len(l.commits), func(i int) bool { return l.commits[i].last >= position }); i < len(l.commits) {
		holder = l.commits[i].id
	}
	return end, holder, nil
}

// PositionAt implements reading.Log.
func (l *Log) PositionAt(ctx context.Context, at time.Time) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	later := sort.Search(len(l.commits), func(i int) bool { return l.commits[i].at.After(at) })
	if later == 0 {
		return 0, nil
	}
	return l.commits[later-1].last, nil
}

// Watch implements reading.Log.
func (l *Log) Watch(ctx context.Context, ring func()) {
	l.mu.Lock()
	l.watchers[&ring] = ring
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.watchers, &ring)
}

func (l *Log) recorded(position int64) command.RecordedEvent {
	e := &l.events[position-1]
	recorded := command.RecordedEvent{
		Position:   position,
		Stream:     e.stream.name,
		Version:    e.version,
		ID:         e.id,
		Type:       e.eventType,
		Data:       []byte(e.data),
		RecordedAt: e.at,
	}
	if e.metadata != "" {
		recorded.Metadata = []byte(e.metadata)
	}
	return recorded
}
