package command_test

import (
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

func TestLimitsDefaults(t *testing.T) {
	want := command.Limits{
		EventBytes:     1 << 20,
		MetadataBytes:  64 << 10,
		CommandBytes:   4 << 20,
		CommandEvents:  1000,
		CommandStreams: 100,
		NameBytes:      255,
	}
	if got := (command.Limits{}).WithDefaults(); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	own := command.Limits{EventBytes: 1, MetadataBytes: 2, CommandBytes: 3, CommandEvents: 4, CommandStreams: 5, NameBytes: 6, AnyData: true, SkipJSONCheck: true}
	if got := own.WithDefaults(); got != own {
		t.Errorf("%+v became %+v", own, got)
	}
}
