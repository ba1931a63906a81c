package main

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// page is what a test reads of the data of the dashboard.
type page struct {
	Totals   struct{ Commands, Events, Commits int }
	Readers  []struct{ Name string }
	Controls []struct{ Label string }
}

// watcher collects what is printed, and hands on the address of the dashboard when it is.
type watcher struct {
	mu      sync.Mutex
	text    strings.Builder
	address chan string
}

var addressLine = regexp.MustCompile(`dashboard +(http://\S+)`)

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if match := addressLine.FindSubmatch(p); match != nil {
		w.address <- string(match[1])
	}
	return w.text.Write(p)
}

func read(t *testing.T, url string, into any) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if into != nil {
		if err := json.NewDecoder(response.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode
}

func TestServe(t *testing.T) {
	t.Setenv("DATABASE_URL", pgtest.URL(t))
	c := small(t)
	c.Listen, c.ServeClients, c.ServeCommands = "127.0.0.1:0", []int{2, 1, 8}, 1_000_000
	out := &watcher{address: make(chan string, 1)}
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, c, &terminal{out: out}) }()

	var address string
	select {
	case address = <-out.address:
	case err := <-ended:
		t.Fatal(err)
	}
	var seen page
	for seen.Totals.Commands < 200 {
		read(t, address+"data", &seen)
		time.Sleep(10 * time.Millisecond)
	}
	if len(seen.Controls) != 3 || len(seen.Readers) != 2 || seen.Totals.Events < seen.Totals.Commands || seen.Totals.Commits == 0 {
		t.Errorf("the dashboard shows %+v", seen)
	}
	root := strings.TrimSuffix(address, "/dashboard/")
	for _, path := range []string{"/", "/dashboard", "/metrics", "/health", "/ready"} {
		if status := read(t, root+path, nil); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"committed", "read models  balances ", "latency", "ok  the commits form one chain"} {
		if !strings.Contains(out.text.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out.text)
		}
	}
	checkWidth(t, out.text.String())
}
