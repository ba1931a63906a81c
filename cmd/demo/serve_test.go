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

// fetch gets a page, by another name of its host where there is one.
func fetch(t *testing.T, host, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func readAs(t *testing.T, host, url string) (status int) {
	t.Helper()
	response := fetch(t, host, url)
	defer response.Body.Close()
	return response.StatusCode
}

func read(t *testing.T, url string, into any) int {
	t.Helper()
	response := fetch(t, "", url)
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
	c.Listen, c.ServeClients, c.ServeCommands, c.Hosts = ":0", []int{2, 1, 8}, 1_000_000, []string{"ops.example.com"}
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
	for seen.Totals.Commands < 200 || len(seen.Readers) < 2 {
		read(t, address+"data", &seen)
		time.Sleep(10 * time.Millisecond)
	}
	if len(seen.Controls) != 3 || len(seen.Readers) != 2 || seen.Totals.Events < seen.Totals.Commands || seen.Totals.Commits == 0 {
		t.Errorf("the dashboard shows %+v", seen)
	}
	root := strings.TrimSuffix(address, "/dashboard/")
	for host, want := range map[string]int{"ops.example.com": http.StatusOK, "evil.com": http.StatusMisdirectedRequest} {
		for _, path := range []string{"/dashboard/", "/metrics"} {
			if status := readAs(t, host, root+path); status != want {
				t.Errorf("%s of %s: %d, want %d", path, host, status, want)
			}
		}
	}
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
