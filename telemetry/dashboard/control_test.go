package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestControl(t *testing.T) {
	value := 3
	control := Control{Label: "clients", Min: 1, Max: 10, Get: func() int { return value }, Set: func(n int) { value = n }}
	d := start(t, &fake{}, Config{Controls: []Control{control}})
	h := d.Handler()
	if got := ask(t, d, "").Controls; len(got) != 1 || got[0] != (setting{Label: "clients", Min: 1, Max: 10, Value: 3}) {
		t.Errorf("%+v", got)
	}
	ours := func(r *http.Request) {
		r.Header.Set("Dashboard-Control", "1")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if got := request(h, "POST", "/control", `{"control":0,"value":7}`, ours); got.Code != http.StatusNoContent || value != 7 {
		t.Fatalf("%d: %s; the value is %d", got.Code, got.Body, value)
	}
	foreign := func(header, content string) func(*http.Request) {
		return func(r *http.Request) {
			ours(r)
			r.Header.Set(header, content)
		}
	}
	for name, refused := range map[string]struct {
		body   string
		change func(*http.Request)
		want   int
	}{
		"no header":            {`{"control":0,"value":5}`, nil, http.StatusForbidden},
		"a foreign page":       {`{"control":0,"value":5}`, foreign("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"a page of the domain": {`{"control":0,"value":5}`, foreign("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		"an old browser": {`{"control":0,"value":5}`, func(r *http.Request) {
			r.Header.Set("Dashboard-Control", "1")
			r.Header.Set("Origin", "http://evil.com")
		}, http.StatusForbidden},
		"another host":       {`{"control":0,"value":5}`, func(r *http.Request) { ours(r); r.Host = "evil.com" }, http.StatusMisdirectedRequest},
		"too little":         {`{"control":0,"value":0}`, ours, http.StatusBadRequest},
		"too much":           {`{"control":0,"value":11}`, ours, http.StatusBadRequest},
		"no such control":    {`{"control":1,"value":5}`, ours, http.StatusBadRequest},
		"below all controls": {`{"control":-1,"value":5}`, ours, http.StatusBadRequest},
		"no JSON":            {`value=5`, ours, http.StatusBadRequest},
		"too long":           {`{"control":0,` + strings.Repeat(" ", maxChangeBytes) + `"value":5}`, ours, http.StatusBadRequest},
	} {
		if got := request(h, "POST", "/control", refused.body, refused.change); got.Code != refused.want || value != 7 {
			t.Errorf("%s: %d, want %d; the value is %d", name, got.Code, refused.want, value)
		}
	}
}
