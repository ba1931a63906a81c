package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressIsShownAndGoneAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bar strings.Builder
		failure := errors.New("as it is")
		begun := time.Now()
		progress := func() (float64, string) { return time.Since(begun).Seconds(), "counting" }
		n, err := whileShowing(&terminal{bar: &bar}, progress, func() (int, error) {
			time.Sleep(time.Second)
			return 7, failure
		})
		if n != 7 || err != failure {
			t.Errorf("%d, %v", n, err)
		}
		shown := bar.String()
		if !strings.Contains(shown, "counting   0%") || !strings.Contains(shown, "counting  50%") {
			t.Errorf("%q", shown)
		}
		if !strings.HasSuffix(shown, "\x1b[2K\r") || strings.Contains(shown, "\n") {
			t.Errorf("not wiped: %q", shown)
		}
	})
}

func TestWithoutATerminalThereIsNoBar(t *testing.T) {
	out, text := screen()
	if n, err := whileShowing(out, nil, func() (int, error) { return 7, nil }); n != 7 || err != nil || text.Len() > 0 {
		t.Errorf("%d, %v, %q", n, err, text)
	}
}
