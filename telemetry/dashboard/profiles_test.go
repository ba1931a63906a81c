package dashboard

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A recording is as long as the request says, but never longer than a minute.
func TestRecordings(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": 30 * time.Second, "?seconds=5": 5 * time.Second, "?seconds=3600": time.Minute, "?seconds=-5": 30 * time.Second, "?seconds=x": 30 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			began, recorded := time.Now(), time.Duration(0)
			h := recording(func(w io.Writer) error { _, err := io.WriteString(w, "profile"); return err }, func() { recorded = time.Since(began) }, 30*time.Second)
			if got := get(h, "/"+query); got.Body.String() != "profile" || recorded != want {
				t.Errorf("%q: %q after %v, want it after %v", query, got.Body, recorded, want)
			}
		})
	}
	busy := recording(func(io.Writer) error { return errors.New("somebody is at it") }, func() { t.Error("what was not begun is ended") }, time.Hour)
	if got := get(busy, "/"); got.Code != http.StatusConflict {
		t.Errorf("status %d", got.Code)
	}
}
