// Package oneline makes one line of the text of an error, for logs. It knows nothing of whose error it is.
package oneline

import (
	"slices"
	"strings"
)

// Of is an error whose text is that of err in one line: pgx gives each address that it has tried to connect to a line of its own, and has tried it with
// TLS and without. What is said twice is said once. An error of one line is given back as it is, and nil.
func Of(err error) error {
	if err == nil || !strings.Contains(err.Error(), "\n") {
		return err
	}
	return line{err}
}

type line struct{ error }

func (l line) Error() string {
	var said []string
	for text := range strings.Lines(l.error.Error()) {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	return strings.ReplaceAll(strings.Join(said, "; "), ":; ", ": ")
}

func (l line) Unwrap() error { return l.error }
