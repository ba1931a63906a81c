package memlog

import (
	"context"

	"github.com/groupcommit/groupcommit/command"
)

// ReadStream gives the events of a stream whose version is greater than after, ascending, at most limit of them. A stream that
// does not exist has none.
func (l *Log) ReadStream(ctx context.Context, name string, after int64, limit int) ([]command.RecordedEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	s, exists := l.streams[name]
	if !exists {
		return nil, nil
	}
	first, exact := s.find(after)
	if exact {
		first++
	}
	places := s.places[first:]
	places = places[:page(len(places), limit)]
	events := make([]command.RecordedEvent, len(places))
	for i, p := range places {
		events[i] = l.recorded(p.position)
	}
	return events, nil
}

// ReadAll gives the events at positions greater than after, ascending, at most limit of them.
func (l *Log) ReadAll(ctx context.Context, after int64, limit int) ([]command.RecordedEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	after = min(max(after, 0), int64(len(l.events)))
	events := make([]command.RecordedEvent, page(len(l.events)-int(after), limit))
	for i := range events {
		events[i] = l.recorded(after + 1 + int64(i))
	}
	return events, nil
}

// StreamVersion is the version of a stream, 0 when it does not exist.
func (l *Log) StreamVersion(ctx context.Context, name string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.version(name), nil
}

func page(available, limit int) int { return max(min(available, limit), 0) }

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
