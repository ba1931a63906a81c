package dashboard

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/groupcommit/groupcommit/telemetry"
)

// data is what the page asks for again and again, as JSON.
type data struct {
	Run      string    `json:"run"`
	Newest   uint64    `json:"newest"`   // number of the last point
	Interval float64   `json:"interval"` // seconds
	History  float64   `json:"history"`  // seconds
	Points   []point   `json:"points"`
	Name     string    `json:"name"`
	Uptime   float64   `json:"uptime"` // seconds
	Stopped  bool      `json:"stopped"`
	Totals   totals    `json:"totals"`
	Limits   limits    `json:"limits"`
	Targets  []target  `json:"targets"`
	Window   float64   `json:"window"`  // seconds over which the targets are judged
	Commits  []commit  `json:"commits"` // newest first
	Readers  []reader  `json:"readers"`
	Controls []setting `json:"controls"`
}

type totals struct {
	Commands uint64 `json:"commands"`
	Events   uint64 `json:"events"`
	Commits  uint64 `json:"commits"`
}

type limits struct {
	Queue    int `json:"queue"`
	InFlight int `json:"inFlight"`
}

type target struct {
	Title   string  `json:"title"`
	State   bool    `json:"state"`
	Value   float64 `json:"value"`
	Limit   float64 `json:"limit"`
	AtLeast bool    `json:"atLeast"`
	Unit    string  `json:"unit"`
	Judged  bool    `json:"judged"`
	Missed  bool    `json:"missed"`
	Since   float64 `json:"since"` // seconds since 1970, of one that is missed
	Words   string  `json:"words"`
}

type commit struct {
	At       string  `json:"at"`
	First    int64   `json:"first"`
	Last     int64   `json:"last"`
	Commands int     `json:"commands"`
	Events   int     `json:"events"`
	Bytes    int     `json:"bytes"`
	Took     float64 `json:"took"` // seconds
}

type reader struct {
	Name    string  `json:"name"`
	Events  int64   `json:"events"`
	Age     float64 `json:"age"` // seconds
	Stopped bool    `json:"stopped"`
	Missed  bool    `json:"missed"` // it has stopped, or is as far behind as the target of the lag says that it must not be
}

// serveData answers with what came behind the point that the page has, all of the history where it has none of this run.
func (d *Dashboard) serveData(w http.ResponseWriter, r *http.Request) {
	known := uint64(0)
	if r.URL.Query().Get("run") == d.run {
		known, _ = strconv.ParseUint(r.URL.Query().Get("after"), 10, 64) // anything else: all of it
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(d.data(known)) // who went away has no need of it
}

func (d *Dashboard) data(known uint64) data {
	d.mu.Lock()
	points, newest, now := d.history.after(known), d.history.added, d.snapshot
	d.mu.Unlock()
	s := &now.Stats
	answer := data{
		Run:      d.run,
		Newest:   newest,
		Interval: d.config.Interval.Seconds(),
		History:  d.config.History.Seconds(),
		Points:   points,
		Name:     now.Name,
		Uptime:   s.At.Sub(s.Opened).Seconds(),
		Stopped:  s.Stopped != nil,
		Totals:   totals{Commands: s.Commands.Committed, Events: s.Events, Commits: s.Commits.Count()},
		Limits:   limits{Queue: s.Queue.MaxCommands, InFlight: s.MaxInFlight},
		Window:   now.Window.Seconds(),
		Controls: settings(d.config.Controls),
	}
	answer.describe(&now)
	return answer
}

// withMillis is RFC 3339 with all three digits of a millisecond.
const withMillis = "2006-01-02T15:04:05.000Z07:00"

// describe lists the targets, commits and readers of a snapshot.
func (a *data) describe(now *telemetry.Snapshot) {
	a.Targets, a.Commits, a.Readers = []target{}, []commit{}, []reader{} // not null
	for _, t := range now.Targets {
		entry := target{
			Title: t.Title, State: t.State, Value: t.Value, Limit: t.Limit, AtLeast: t.AtLeast, Unit: t.Unit,
			Judged: t.Judged, Missed: t.Missed, Words: t.Message,
		}
		if t.Missed {
			entry.Since = seconds(t.Since)
		}
		a.Targets = append(a.Targets, entry)
	}
	for _, c := range now.Stats.NewestCommits {
		a.Commits = append(a.Commits, commit{
			At: c.At.Format(withMillis), First: c.First, Last: c.First + int64(c.Events) - 1,
			Commands: c.Commands, Events: c.Events, Bytes: c.Bytes, Took: c.Took.Seconds(),
		})
	}
	limit := lagLimit(now.Targets)
	for _, lag := range now.Lags {
		a.Readers = append(a.Readers, reader{
			Name: lag.Name, Events: lag.Events, Age: lag.Age.Seconds(),
			Stopped: lag.Stopped, Missed: lag.Stopped || lag.Age.Seconds() >= limit,
		})
	}
}

// lagLimit is how many seconds a reader must not be behind; infinite where nobody looks at it.
func lagLimit(targets []telemetry.Target) float64 {
	for i := range targets {
		if targets[i].Name == "lag" {
			return targets[i].Limit
		}
	}
	return math.Inf(1)
}
