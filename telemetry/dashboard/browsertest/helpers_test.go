package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
	"github.com/groupcommit/groupcommit/telemetry/dashboard"
)

// hostile is a name that does harm where it is taken for markup.
const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>`

// patience is how long a page may take for anything.
const patience = time.Minute

// tab is a browser's tab that ends with the test.
func tab(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	ctx, end, err := Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return ctx
}

// shown is a dashboard of a store that works, with every name that it shows hostile.
type shown struct {
	handler http.Handler
	server  *httptest.Server
	url     string // of the server, without a slash at the end
	control atomic.Int64
}

func show(t *testing.T) *shown {
	t.Helper()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	work(t, store)
	seen, err := telemetry.New(store, telemetry.Config{
		Name:     hostile,
		Interval: 100 * time.Millisecond,
		Lags: func() []telemetry.Lag {
			return []telemetry.Lag{{Name: hostile, Events: 3, Age: time.Second}, {Name: "late", Events: 9, Age: time.Hour}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(seen.Close)
	s := &shown{}
	control := dashboard.Control{
		Label: hostile, Max: 10,
		Get: func() int { return int(s.control.Load()) },
		Set: func(n int) { s.control.Store(int64(n)) },
	}
	page, err := dashboard.New(seen, dashboard.Config{Interval: 200 * time.Millisecond, Controls: []dashboard.Control{control}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	s.handler = page.Handler()
	s.server = httptest.NewServer(s.handler)
	t.Cleanup(s.server.Close)
	s.url = s.server.URL
	return s
}

// work writes to a store, to a stream of a hostile name, until the test ends. It rests after each command: the browser needs the processor, too.
func work(t *testing.T, store *groupcommit.Store) {
	var working sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	for range 4 {
		working.Go(func() {
			for ctx.Err() == nil {
				if _, err := store.Append(context.Background(), groupcommit.To(hostile, groupcommit.Any, groupcommit.Event{Type: hostile})); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		working.Wait()
		if err := store.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression on the page.
func ask[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// await returns when an expression is true on the page.
func await(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for begun := time.Now(); !ask[bool](t, ctx, expression); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("it does not come true: %s", expression)
		}
	}
}

// open opens the dashboard and returns when it shows something.
func open(t *testing.T, ctx context.Context, s *shown) *observer {
	t.Helper()
	o := observe(t, ctx, s.url)
	do(t, ctx, chromedp.Navigate(s.url+"/"))
	await(t, ctx, `document.querySelectorAll("canvas").length === 8 && document.querySelectorAll("#commits tr").length > 0`)
	return o
}
