package command_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/groupcommit/groupcommit/command"
)

// checkData gives what Check says of an event's data.
func checkData(data []byte) error {
	return check(command.To("s", command.Any, command.Event{Type: "E", Data: data}))
}

func nested(depth int) string {
	return strings.Repeat(`[{"a":`, depth/2) + strings.Repeat("[", depth%2) + strings.Repeat("]", depth%2) + strings.Repeat("}]", depth/2)
}

func TestJSONNestedHelper(t *testing.T) {
	_ = t
}

var acceptedJSON = map[string]string{
	"scalars":    `null`,
	"true":       `true`,
	"false":      ` false `,
	"empty text": `""`,
}
