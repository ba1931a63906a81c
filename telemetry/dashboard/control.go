package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Control is a number that can be changed on the page.
type Control struct {
	Label    string
	Min, Max int
	Get      func() int
	Set      func(int) // is given Min to Max only; may be called by any number of goroutines
}

// setting is a Control as the page sees it.
type setting struct {
	Label string `json:"label"`
	Min   int    `json:"min"`
	Max   int    `json:"max"`
	Value int    `json:"value"`
}

func settings(controls []Control) []setting {
	all := make([]setting, len(controls))
	for i, c := range controls {
		all[i] = setting{Label: c.Label, Min: c.Min, Max: c.Max, Value: c.Get()}
	}
	return all
}

func checkControls(controls []Control) error {
	for i := range controls {
		if c := &controls[i]; c.Get == nil || c.Set == nil || c.Min > c.Max {
			return &ConfigError{"Controls", fmt.Sprintf("%q needs Get, Set, and Min below Max", c.Label)}
		}
	}
	return nil
}

// change is what the page sends.
type change struct {
	Control int `json:"control"` // its index
	Value   int `json:"value"`
}

const maxChangeBytes = 1 << 10

// serveControl changes a number. The header is one that a foreign page cannot send without asking first, and the answer to that is no.
func (d *Dashboard) serveControl(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Dashboard-Control") == "" {
		http.Error(w, "the header Dashboard-Control is missing", http.StatusForbidden)
		return
	}
	var c change
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxChangeBytes)).Decode(&c); err != nil {
		http.Error(w, "this is no change of a control", http.StatusBadRequest)
		return
	}
	if c.Control < 0 || c.Control >= len(d.config.Controls) {
		http.Error(w, "there is no such control", http.StatusBadRequest)
		return
	}
	control := &d.config.Controls[c.Control]
	if c.Value < control.Min || c.Value > control.Max {
		http.Error(w, fmt.Sprintf("it can be %d to %d", control.Min, control.Max), http.StatusBadRequest)
		return
	}
	control.Set(c.Value)
	w.WriteHeader(http.StatusNoContent)
}
