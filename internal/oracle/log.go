package oracle

import (
	"sort"

	"github.com/groupcommit/groupcommit/command"
)

// log is a log to which commands are appended one at a time, and that remembers how it was at each position since it began.
type log struct {
	base      map[string]int64   // versions of the streams when it began
	positions map[string][]int64 // of the events of a stream since then
	ends      []int64            // where the log ended, at first and after each command
}

func newLog(end int64, versions map[string]int64) *log {
	return &log{base: versions, positions: map[string][]int64{}, ends: []int64{end}}
}

func (l *log) end() int64 { return l.ends[len(l.ends)-1] }

// current is the version of a stream now.
func (l *log) current(stream string) int64 { return l.base[stream] + int64(len(l.positions[stream])) }

// version of a stream when the log ended at a position.
func (l *log) version(stream string, position int64) int64 {
	positions := l.positions[stream]
	return l.base[stream] + int64(sort.Search(len(positions), func(i int) bool { return positions[i] > position }))
}

// versions are those of the streams that have changed.
func (l *log) versions() map[string]int64 {
	versions := make(map[string]int64, len(l.positions))
	for stream := range l.positions {
		versions[stream] = l.current(stream)
	}
	return versions
}

// conflict is that of a command at a position, or nil.
func (l *log) conflict(streams []Stream, position int64) *command.ConflictError {
	for _, s := range streams {
		if v := l.version(s.Name, position); !s.Expect.Holds(v) {
			return &command.ConflictError{Stream: s.Name, Expected: s.Expect, Actual: v}
		}
	}
	return nil
}

// explains tells whether a command has this very conflict at a place from one position to another.
func (l *log) explains(streams []Stream, told *command.ConflictError, from, to int64) bool {
	reached := func(i int) bool { return l.ends[i] >= from && l.version(told.Stream, l.ends[i]) >= told.Actual }
	for _, at := range l.ends[sort.Search(len(l.ends), reached):] {
		if at > to || l.version(told.Stream, at) > told.Actual {
			return false
		}
		if conflict := l.conflict(streams, at); conflict != nil && *conflict == *told {
			return true
		}
	}
	return false
}
