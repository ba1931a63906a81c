package command_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/groupcommit/groupcommit/command"
)

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{
			&command.ConflictError{Stream: "account-1", Expected: command.Exact(3), Actual: 4},
			`groupcommit: conflict on stream "account-1": expected version 3, but it is at version 4`,
		},
		{
			&command.ConflictError{Stream: "a\"\n", Expected: command.NoStream, Actual: 1},
			`groupcommit: conflict on stream "a\"\n": expected no stream, but it is at version 1`,
		},
		{
			&command.ConflictError{Stream: "s", Expected: command.Exact(3)},
			`groupcommit: conflict on stream "s": expected version 3, but it does not exist`,
		},
		{
			&command.ConflictError{Stream: "s", Expected: command.StreamExists},
			`groupcommit: conflict on stream "s": expected it to exist, but it does not exist`,
		},
		{
			&command.InvalidError{Field: "Streams[0].Stream", Reason: "it is empty"},
			`groupcommit: invalid command: Streams[0].Stream: it is empty`,
		},
		{
			&command.InvalidError{Field: "Streams[0].Events[0].Data", Reason: "it cannot be encoded as JSON", Err: io.EOF},
			`groupcommit: invalid command: Streams[0].Events[0].Data: it cannot be encoded as JSON: EOF`,
		},
		{
			&command.RejectedError{Code: "22P05", Err: io.EOF},
			`groupcommit: the database refused the command (SQLSTATE 22P05): EOF`,
		},
		{
			&command.ReusedIDError{ID: id(7), First: 8, Last: 9},
			`groupcommit: command ID 00000000-0000-0000-0000-000000000007 has taken effect at positions 8 to 9, with other content`,
		},
		{
			&command.SchemaError{Schema: "events", Problem: command.SchemaOlder, Have: 1, Want: 2, Detail: "migrate it"},
			`groupcommit: schema "events" cannot be used: older: migrate it`,
		},
		{
			&command.SettingError{Setting: "fsync", Value: "off", Detail: "turn it on"},
			`groupcommit: the database's setting fsync is off: turn it on`,
		},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%T says\n\t%s\nwant\n\t%s", c.err, got, c.want)
		}
	}
}

func TestErrorsWrapTheirCause(t *testing.T) {
	for _, err := range []error{&command.InvalidError{Err: io.EOF}, &command.RejectedError{Err: io.EOF}} {
		if !errors.Is(err, io.EOF) {
			t.Errorf("%T hides its cause", err)
		}
	}
}

func TestSentinels(t *testing.T) {
	sentinels := []error{
		command.ErrQueueFull, command.ErrNotWritten, command.ErrOutcomeUnknown, command.ErrClosed, command.ErrForeignRow,
		command.ErrLostCommits, command.ErrPending,
	}
	for i, err := range sentinels {
		if !strings.HasPrefix(err.Error(), "groupcommit: ") {
			t.Errorf("%q does not say whose error it is", err)
		}
		for _, other := range sentinels[:i] {
			if errors.Is(err, other) {
				t.Errorf("%q is %q", err, other)
			}
		}
	}
}
