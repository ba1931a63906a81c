package memlog_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

// An encoding that was cut, lengthened or garbled is refused with its row, and never read as something else.
func TestBrokenEncoding(t *testing.T) {
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	event := command.JSON("Happened", map[string]int{"n": 1}).With(command.Metadata{UserID: "u-1"})
	event.ID = command.NewEventID()
	whole := log.AppendRow(nil, "stream", event)
	broken := [][]byte{
		append(bytes.Clone(whole), 0),
		append(bytes.Clone(whole[:16]), bytes.Repeat([]byte{0xff}, 20)...), // a length that has no end
		append(bytes.Clone(whole[:16]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
	}
	for n := range whole {
		broken = append(broken, whole[:n])
	}
	for _, encoded := range broken {
		step := chain.Next(conformance.Events("stream", 2))
		step.Commit.Rows[1].Encoded = encoded
		failure := wantFailure(t, log.Append(t.Context(), step.Commit, nil), committer.Refused)
		if failure.Row != 1 {
			t.Errorf("%x: refused at row %d, want 1", encoded, failure.Row)
		}
	}
	if events, err := log.Read(t.Context(), reading.Selection{After: 0, UpTo: math.MaxInt64, Limit: 1}); err != nil || len(events) != 0 {
		t.Errorf("%d events, %v; want none", len(events), err)
	}
}

func TestCommitWithoutRows(t *testing.T) {
	log := memlog.New()
	step := conformance.NewChain(t, log).Next()
	if failure := wantFailure(t, log.Append(t.Context(), step.Commit, nil), committer.Refused); failure.Row != -1 {
		t.Errorf("refused at row %d, want -1", failure.Row)
	}
}
