// Package memlog keeps an event log in memory: what package pg does in PostgreSQL, without a database, for unit tests.
//
// It answers as PostgreSQL does, and refuses what PostgreSQL's unique indexes and foreign key would refuse, in the same order. It
// owns the events and knows nothing of expectations, batches or retries. Two things differ. Data and metadata come back byte for
// byte: jsonb, which reorders keys and drops spaces, is not emulated. And nothing outlives the process.
package memlog

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/committer"
)

var _ committer.Log = (*Log)(nil)

// Log is a chain of commits in memory; New and NewBytea make one. It holds everything that was appended until it is itself collected.
//
// Any goroutine may call any method, and several committers may share a Log as several processes share a database. mu guards
// the fields below it. What is committed never changes: payloads are kept as strings, and what a caller is given is a copy of its own.
type Log struct {
	empty string // what data of no bytes is kept as; never changes
	line  line

	mu      sync.RWMutex
	commits []commit // the genesis first, each right behind the one before it
	events  []event  // at positions 1, 2, 3, ...
	streams map[string]*stream
	records map[uuid.UUID]committer.Record

	watchers map[*func()]func() // to be called when something was appended
}

// commit covers the positions previous+1 to last.
type commit struct {
	previous, last int64
	id             uuid.UUID
	commands       int
	at             time.Time
}

type event struct {
	stream  *stream
	version int64
	at      time.Time
	payload
}

// stream lists its events by version. Nothing here makes versions contiguous: that is the writer's part, as with a unique index.
type stream struct {
	name   string
	places []place
}

type place struct{ version, position int64 }

// New makes an empty log with an identity of its own: it ends at position 0 with a commit that has a random ID, and a time that is
// before any clock that a writer may have. Its data is JSON, so that no data is null.
func New() *Log { return newLog("null") }

// NewBytea makes a log as New does, whose data is any bytes, or none.
func NewBytea() *Log { return newLog("") }

func newLog(empty string) *Log {
	return &Log{
		line:     newLine(),
		commits:  []commit{{previous: -1, last: 0, id: uuid.New(), at: time.Unix(0, 0).UTC()}},
		streams:  make(map[string]*stream),
		records:  make(map[uuid.UUID]committer.Record),
		watchers: make(map[*func()]func()),
		empty:    empty,
	}
}

// Sync has nothing to wait for.
func (l *Log) Sync(ctx context.Context) error { return ctx.Err() }

func (l *Log) end() commit { return l.commits[len(l.commits)-1] }

// holds tells whether a commit with this ID ends at this position.
func (l *Log) holds(point committer.Point) bool {
	i, found := slices.BinarySearchFunc(l.commits, point.Position, func(c commit, position int64) int {
		return cmp.Compare(c.last, position)
	})
	return found && l.commits[i].id == point.Commit
}

func (l *Log) follower(position int64) (commit, bool) {
	i, found := slices.BinarySearchFunc(l.commits, position, func(c commit, position int64) int {
		return cmp.Compare(c.previous, position)
	})
	if !found {
		return commit{}, false
	}
	return l.commits[i], true
}

func (l *Log) version(name string) int64 {
	if s, found := l.streams[name]; found {
		return s.version()
	}
	return 0
}

func (s *stream) version() int64 { return s.places[len(s.places)-1].version }

// find gives the index of the first event with at least this version, and whether it has exactly this version.
func (s *stream) find(version int64) (index int, exact bool) {
	return slices.BinarySearchFunc(s.places, version, func(p place, version int64) int {
		return cmp.Compare(p.version, version)
	})
}

// instant is a time as a timestamptz keeps it: in microseconds, without a zone.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
