package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/telemetry"
)

var missed = telemetry.Alert{Store: "<ledger> & more", Target: telemetry.Target{Name: "latency_p95", Missed: true, Message: "P95 is 80ms"}}

// webhook is a server that answers with each status in turn, and then with 200, and keeps what was posted.
func webhook(t *testing.T, statuses ...int) (address string, posted *[]string) {
	posted = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got a %s of %q: %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		*posted = append(*posted, message.Text)
		if n := len(*posted); n <= len(statuses) {
			w.WriteHeader(statuses[n-1])
		}
	}))
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return server.URL + "/services/canary", posted
}

func TestSlack(t *testing.T) {
	address, posted := webhook(t)
	notify, err := telemetry.Slack(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := notify(t.Context(), missed); err != nil {
		t.Fatal(err)
	}
	if want := "&lt;ledger&gt; &amp; more: latency_p95: P95 is 80ms"; len(*posted) != 1 || (*posted)[0] != want {
		t.Errorf("posted %q, want %q", *posted, want)
	}
}

// A server in trouble is asked again, one that refuses is not; and no error tells the address.
func TestSlackTriesAgain(t *testing.T) {
	for _, c := range []struct {
		statuses []int
		posts    int
		fails    string
	}{
		{[]int{500, 429}, 3, ""},
		{[]int{503, 503, 503}, 3, "503"},
		{[]int{404}, 1, "404"},
	} {
		address, posted := webhook(t, c.statuses...)
		err := telemetry.HastySlack(address, time.Minute)(t.Context(), missed)
		if len(*posted) != c.posts || (err != nil) != (c.fails != "") {
			t.Errorf("%v: posted %d times, error %v", c.statuses, len(*posted), err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%v: error %v", c.statuses, err)
		}
	}
}

func TestSlackOutOfReach(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	notify := telemetry.HastySlack(server.URL+"/canary", time.Minute)
	if err := notify(t.Context(), missed); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := notify(ended, missed); err == nil {
		t.Error("no error, although the context has ended")
	}
}

// What is no URL of a webhook is refused before there is an alert, and not told.
func TestSlackNeedsAnAddress(t *testing.T) {
	for _, address := range []string{"", "canary", "canary\x00://", "ftp://hooks.slack.com/canary", "https:///canary", "hooks.slack.com/canary"} {
		_, err := telemetry.Slack(address)
		if problem, ok := errors.AsType[*telemetry.ConfigError](err); !ok || strings.Contains(problem.Error(), "canary") {
			t.Errorf("%q: error %v", address, err)
		}
	}
}

// A webhook that never answers is given up, as often as it is tried, and at once when ctx ends.
func TestSlackIsSlow(t *testing.T) {
	var asked atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client has gone
		if asked.Add(1) > 3 {
			cancel()
		}
		<-r.Context().Done()
	}))
	defer server.Close()
	if err := telemetry.HastySlack(server.URL, 50*time.Millisecond)(ctx, missed); !errors.Is(err, context.DeadlineExceeded) || asked.Load() > 3 {
		t.Errorf("error %v after %d tries", err, asked.Load())
	}
	asked.Store(3)
	if err := telemetry.HastySlack(server.URL, time.Hour)(ctx, missed); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
