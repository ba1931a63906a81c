package browsertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// observer notes what a page must not do.
type observer struct {
	origin string

	mu     sync.Mutex
	faults []string
}

// observe begins to watch the page of a browser.
func observe(t *testing.T, ctx context.Context, origin string) *observer {
	t.Helper()
	o := &observer{origin: origin}
	if err := chromedp.Do(ctx, enable); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, o.see); err != nil {
		t.Fatal(err)
	}
	return o
}

// enable makes the browser tell of requests; of the rest it tells anyway.
func enable(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	_, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
	return chromedp.Void{}, err
}

func (o *observer) see(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, o.origin+"/") {
			o.note("a request to %s", e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			o.note("status %d of %s", e.Response.Status, e.Response.URL)
		}
	case *runtime.EventConsoleAPICalled:
		o.note("the console is told: %s", e.Type)
	case *runtime.EventExceptionThrown:
		o.note("an exception: %v", e.ExceptionDetails)
	case *log.EventEntryAdded: // policy violations are among them
		o.note("the log is told: %s", e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		o.note("a dialog: %s", e.Message)
	}
}

func (o *observer) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

func (o *observer) seen() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.faults, "\n")
}

func (o *observer) mustHaveSeenNothing(t *testing.T) {
	t.Helper()
	if faults := o.seen(); faults != "" {
		t.Errorf("the page did what it must not do:\n%s", faults)
	}
}
