package oneline_test

import (
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit/internal/oneline"
)

func TestOf(t *testing.T) {
	for text, want := range map[string]string{
		"one":                           "one",
		"failed:\n\ta: no\n\ta: no":     "failed: a: no",
		"failed:\n\ta: no\n\tb: no\nso": "failed: a: no; b: no; so",
		"one\n\ntwo\n":                  "one; two",
	} {
		cause := errors.New(text)
		err := oneline.Of(cause)
		if err.Error() != want || !errors.Is(err, cause) {
			t.Errorf("%q, want %q", err, want)
		}
	}
	if err := oneline.Of(nil); err != nil {
		t.Error(err)
	}
}
