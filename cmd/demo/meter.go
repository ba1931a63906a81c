package main

import (
	"sync/atomic"

	"github.com/groupcommit/groupcommit"
)

// meter counts commits. The store's goroutines count, one other goroutine takes.
type meter struct {
	commits  atomic.Int64
	commands atomic.Int64
}

func (m *meter) committed(info groupcommit.CommitInfo) {
	m.commits.Add(1)
	m.commands.Add(int64(info.Commands))
}

// take gives the commands per commit since it was last called. Between two runs every commit has been counted: that comes before
// its commands are told.
func (m *meter) take() float64 {
	commits, commands := m.commits.Swap(0), m.commands.Swap(0)
	if commits == 0 {
		return 0
	}
	return float64(commands) / float64(commits)
}
