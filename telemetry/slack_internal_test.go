package telemetry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a webhook that answers with each of them in turn, and notes when it was asked.
type answers struct {
	all   []http.Header // of status 429
	began time.Time
	asked []time.Duration
}

func (a *answers) RoundTrip(*http.Request) (*http.Response, error) {
	a.asked = append(a.asked, time.Since(a.began))
	response := httptest.NewRecorder()
	if n := len(a.asked); n <= len(a.all) {
		for name, values := range a.all[n-1] {
			response.Header()[name] = values
		}
		response.WriteHeader(http.StatusTooManyRequests)
	}
	return response.Result(), nil
}

// Between two tries there is a pause, as long as the answer asks for, so that a limit of rates loses no alert.
func TestSlackPauses(t *testing.T) {
	after := func(text string) http.Header { return http.Header{"Retry-After": {text}} }
	for _, c := range []struct {
		answers []http.Header
		asked   []time.Duration // in seconds
	}{
		{[]http.Header{nil, nil}, []time.Duration{0, 1, 3}},
		{[]http.Header{after("30"), nil}, []time.Duration{0, 30, 32}},
		{[]http.Header{after("86400"), after("-1")}, []time.Duration{0, 60, 62}},
		{[]http.Header{after("soon"), after("0")}, []time.Duration{0, 1, 3}},
		{[]http.Header{after("99999999999999999999")}, []time.Duration{0, 1}},
	} {
		t.Run(fmt.Sprint(c.answers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{all: c.answers, began: time.Now()}
				notify := webhook{client: &http.Client{Transport: a}, address: "http://127.0.0.1", timeout: time.Second, pause: time.Second}.notify
				if err := notify(t.Context(), Alert{}); err != nil {
					t.Fatal(err)
				}
				for i := range c.asked {
					c.asked[i] *= time.Second
				}
				if !slices.Equal(a.asked, c.asked) {
					t.Errorf("asked at %v, want %v", a.asked, c.asked)
				}
			})
		})
	}
}
