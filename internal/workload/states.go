package workload

import (
	"context"
	"fmt"
	"sync"

	"github.com/groupcommit/groupcommit"
)

// State is folded from the events of a stream, one after the other. It is a value: Evolve returns the next one and leaves
// its receiver alone, so states may be shared by goroutines. Types that it does not know leave it as it is.
type State[S any] interface {
	Evolve(eventType string, data []byte) (S, error)
}

// Snapshot is the state of a stream after its event of this version; version 0 is the state before the first one.
type Snapshot[S State[S]] struct {
	Stream  string
	Version int64
	State   S

	states *States[S]
}

// Append is a part of a command: these events go to the stream, if it is still as it was when the snapshot was taken.
func (s Snapshot[S]) Append(events ...groupcommit.Event) Write {
	return Write{
		StreamWrite: groupcommit.StreamWrite{Stream: s.Stream, Expect: groupcommit.Exact(s.Version), Events: events},
		committed:   func() { s.states.advance(s, events) },
	}
}

// Guard is a part of a command: nothing goes to the stream, but it must still be as it was.
func (s Snapshot[S]) Guard() Write { return s.Append() }

// States keeps the newest state it knows of each stream of one kind: a stream is read once, and after that only what is
// new. It may be behind the log, never ahead, and what is decided on it is appended with exact versions: an outdated state costs
// a second try and nothing else.
//
// It keeps every stream it was asked for, which suits thousands; where there are millions, it would have to forget some. Its
// methods may be called by any number of goroutines.
type States[S State[S]] struct {
	store Store

	mu    sync.Mutex // guards known; never held while reading or folding
	known map[string]Snapshot[S]
}

// NewStates begins with no stream known.
func NewStates[S State[S]](store Store) *States[S] {
	return &States[S]{store: store, known: map[string]Snapshot[S]{}}
}

// Get gives the state of a stream, from memory where that is good enough for this attempt.
func (s *States[S]) Get(ctx context.Context, attempt *Attempt, stream string) (Snapshot[S], error) {
	snapshot, known := s.recall(stream)
	if known && attempt.accepts(stream, snapshot.Version) {
		return snapshot, nil
	}
	for event, err := range s.store.ReadStream(ctx, stream, groupcommit.After(snapshot.Version)) {
		if err != nil {
			return snapshot, err
		}
		if err := snapshot.evolve(event.Type, event.Data); err != nil {
			return snapshot, err
		}
	}
	s.keep(snapshot)
	return snapshot, nil
}

// advance takes over what was appended to a snapshot.
func (s *States[S]) advance(snapshot Snapshot[S], events []groupcommit.Event) {
	for i := range events {
		if err := snapshot.evolve(events[i].Type, events[i].Data); err != nil {
			return // whoever reads the event will be told
		}
	}
	s.keep(snapshot)
}

func (s *Snapshot[S]) evolve(eventType string, data []byte) error {
	state, err := s.State.Evolve(eventType, data)
	if err != nil {
		return fmt.Errorf("%s, version %d, %s: %w", s.Stream, s.Version+1, eventType, err)
	}
	s.State = state
	s.Version++
	return nil
}

func (s *States[S]) recall(stream string) (Snapshot[S], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot, known := s.known[stream]
	if !known {
		snapshot = Snapshot[S]{Stream: stream, states: s}
	}
	return snapshot, known
}

// keep remembers a snapshot unless a newer one is known: goroutines come here in any order.
func (s *States[S]) keep(snapshot Snapshot[S]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[snapshot.Stream]; !ok || known.Version < snapshot.Version {
		s.known[snapshot.Stream] = snapshot
	}
}
