package dashboard

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	h := start(t, &fake{}, Config{}).Handler()
	page := get(h, "/")
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d, %v", page.Code, page.Header())
	}
	for _, match := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		if got := get(h, "/"+match[1]); got.Code != http.StatusOK {
			t.Errorf("%s, which the page needs: %d", match[1], got.Code)
		}
	}
	if inline := regexp.MustCompile(`<script>|<style|style=|\son[a-z]+=`).FindString(page.Body.String()); inline != "" {
		t.Errorf("the policy forbids %q", inline)
	}
	if notice := get(h, "/uplot/LICENSE"); !strings.Contains(notice.Body.String(), "MIT") {
		t.Error("the licence of the charts is not served with them")
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := start(t, &fake{}, Config{}).Handler()
	for _, path := range []string{"/", "/data", "/dashboard.js", "/missing", "/debug/pprof/heap"} {
		header := get(h, path).Header()
		for name, want := range map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, header.Get(name))
			}
		}
	}
}

func TestHosts(t *testing.T) {
	h := start(t, &fake{}, Config{Hosts: []string{"ops.example.com"}}).Handler()
	for host, want := range map[string]int{
		"127.0.0.1:8080": http.StatusOK, "ops.example.com": http.StatusOK, "evil.example.com": http.StatusMisdirectedRequest,
	} {
		if got := request(h, "GET", "/data", "", func(r *http.Request) { r.Host = host }); got.Code != want || got.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%q: %d, want %d", host, got.Code, want)
		}
	}
}

func TestOnlyToBeLookedAt(t *testing.T) {
	h := start(t, &fake{}, Config{}).Handler()
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		for _, path := range []string{"/", "/data", "/control"} {
			if got := request(h, method, path, "{}", nil); got.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, got.Code)
			}
		}
	}
	if got := request(h, "HEAD", "/", "", nil); got.Code != http.StatusOK {
		t.Errorf("HEAD: %d", got.Code)
	}
}

func TestProfilesAreOffUnlessAskedFor(t *testing.T) {
	off, on := start(t, &fake{}, Config{}).Handler(), start(t, &fake{}, Config{Profiles: true}).Handler()
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=1"} {
		if got := get(off, path); got.Code != http.StatusNotFound {
			t.Errorf("off, and %s: %d", path, got.Code)
		}
		if got := get(on, path); got.Code != http.StatusOK || got.Body.Len() == 0 {
			t.Errorf("on, and %s: %d", path, got.Code)
		}
	}
	if got := get(on, "/debug/pprof/nonsense"); got.Code != http.StatusNotFound {
		t.Errorf("a profile that there is not: %d", got.Code)
	}
	if got := get(on, "/debug/pprof/trace?seconds=1"); got.Code != http.StatusOK || !strings.HasPrefix(got.Body.String(), "go 1.") {
		t.Errorf("trace: %d, %.20q", got.Code, got.Body)
	}
	// Whoever imports this package must not serve profiles by it.
	if _, pattern := http.DefaultServeMux.Handler(&http.Request{Method: "GET", Host: "localhost", URL: mustURL(t, "/debug/pprof/heap")}); pattern != "" {
		t.Errorf("http.DefaultServeMux serves %s", pattern)
	}
}
