package command_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

func TestResultVersion(t *testing.T) {
	result := command.Result{Versions: []command.StreamVersion{{Stream: "a", Version: 3}, {Stream: "b"}, {Stream: "c", Version: 1}}}
	for stream, want := range map[string]int64{"a": 3, "b": 0, "c": 1, "d": 0, "": 0} {
		if got := result.Version(stream); got != want {
			t.Errorf("stream %q is at version %d, want %d", stream, got, want)
		}
	}
}

func TestCommandEvents(t *testing.T) {
	cmd := command.Command{Streams: []command.StreamWrite{
		{Stream: "a", Events: repeat(3, happened)},
		{Stream: "guard"},
		{Stream: "b", Events: repeat(1, happened)},
	}}
	if got := cmd.Events(); got != 4 {
		t.Errorf("%d events, want 4", got)
	}
	if got := (&command.Command{}).Events(); got != 0 {
		t.Errorf("%d events in nothing", got)
	}
}
