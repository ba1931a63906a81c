package committer_test

import (
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/memlog"
)

// What a command holds in memory counts against the queue, its guards included.
func TestSizeOfGuards(t *testing.T) {
	cmd := write("a", command.Any, "1")
	names := 0
	for i := range 99 {
		guard := strings.Repeat("g", 250) + string(rune('A'+i))
		cmd.Streams = append(cmd.Streams, command.StreamWrite{Stream: guard})
		names += len(guard)
	}
	var e committer.Entry
	e.Fill(memlog.New(), &cmd)
	if e.Size() < names {
		t.Errorf("the size is %d, and the names alone are %d", e.Size(), names)
	}
}
