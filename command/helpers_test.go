package command_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
)

// happened is an event that nothing is wrong with.
var happened = command.Event{Type: "Happened", Data: []byte(`{"amount":1}`)}

// repeat is a list of n times the same.
func repeat[T any](n int, value T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = value
	}
	return list
}

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

// check judges a command by the default limits.
func check(cmd command.Command) error {
	limits := command.Limits{}.WithDefaults()
	return cmd.Check(&limits)
}

func wantInvalid(t *testing.T, err error, field string) *command.InvalidError {
	t.Helper()
	invalid, ok := errors.AsType[*command.InvalidError](err)
	if !ok {
		t.Fatalf("got %v, want an *InvalidError", err)
	}
	if invalid.Field != field {
		t.Errorf("field %q, want %q", invalid.Field, field)
	}
	return invalid
}
