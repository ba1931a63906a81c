package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func ask(t *testing.T, d *Dashboard, query string) (answer data) {
	t.Helper()
	response := get(d.Handler(), "/data"+query)
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, response.Body)
	}
	return answer
}

func TestData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fake{snapshot: telemetry.Snapshot{Name: "orders", Stats: stats.Stats{Opened: time.Now(), MaxInFlight: 3, Queue: stats.Queue{MaxCommands: 64}}}}
		d := start(t, source, Config{})
		source.commits(10)
		source.set(func(s *telemetry.Snapshot) {
			s.Memory = 1 << 20
			s.Lags = []telemetry.Lag{{Name: "slow", Events: 7, Age: 2 * time.Second}, {Name: "quick", Events: 1, Age: time.Second / 2}, {Name: "broken", Stopped: true}}
			s.Window = time.Minute
			s.Targets = []telemetry.Target{
				{
					Name: "lag", Title: "Lag of readers", Value: 2, Limit: 1, Unit: "s",
					Judged: true, Missed: true, Since: time.Now(), Message: "a reader is behind",
				},
				{Name: "commands", Title: "Commands", Limit: 100, AtLeast: true, Unit: "/s"},
				{Name: "stalled", Title: "Nothing stuck", State: true, Limit: 30, Unit: "s", Judged: true},
			}
			s.Stats.NewestCommits = []stats.Commit{{At: time.Now(), First: 5, Events: 10, Commands: 10, Took: time.Millisecond}}
		})
		time.Sleep(time.Second)
		synctest.Wait()

		got := ask(t, d, "")
		if len(got.Points) != 1 {
			t.Fatalf("%d points, want 1", len(got.Points))
		}
		p := got.Points[0]
		if p.Commands != 10 || p.Events != 10 || p.PerCommit == nil || *p.PerCommit != 10 || p.P99 == nil || p.Lag != 2 || p.Memory != 1<<20 {
			t.Errorf("the point is %+v", p)
		}
		if got.Stopped {
			t.Error("it is said to have stopped")
		}
		if got.Name != "orders" || got.Uptime != 1 || got.Totals != (totals{Commands: 10, Events: 10, Commits: 1}) || got.Limits != (limits{Queue: 64, InFlight: 3}) {
			t.Errorf("the answer is %+v", got)
		}
		targets := []target{
			{Title: "Lag of readers", Value: 2, Limit: 1, Unit: "s", Judged: true, Missed: true, Since: seconds(time.Now()) - 1, Words: "a reader is behind"},
			{Title: "Commands", Limit: 100, AtLeast: true, Unit: "/s"},
			{Title: "Nothing stuck", State: true, Limit: 30, Unit: "s", Judged: true},
		}
		if !slices.Equal(got.Targets, targets) || got.Window != 60 {
			t.Errorf("the targets over %v s are %+v", got.Window, got.Targets)
		}
		if len(got.Commits) != 1 || got.Commits[0].First != 5 || got.Commits[0].Last != 14 {
			t.Errorf("the commits are %+v", got.Commits)
		}
		readers := []reader{
			{Name: "slow", Events: 7, Age: 2, Missed: true},
			{Name: "quick", Events: 1, Age: 0.5},
			{Name: "broken", Stopped: true, Missed: true},
		}
		if !slices.Equal(got.Readers, readers) {
			t.Errorf("the readers are %+v", got.Readers)
		}

		time.Sleep(time.Second)
		synctest.Wait()
		if p := ask(t, d, "").Points[1]; p.Commands != 0 || p.P99 != nil || p.PerCommit != nil {
			t.Errorf("when nothing happened, the point is %+v", p)
		}
	})
}

func TestDataSaysThatWritingHasStopped(t *testing.T) {
	if !ask(t, start(t, &fake{snapshot: telemetry.Snapshot{Stats: stats.Stats{Stopped: errors.New("stopped")}}}, Config{}), "").Stopped {
		t.Error("it does not")
	}
}

// A page that is there before the first look finds empty lists, and no null, which it could not go through.
func TestDataBeforeTheFirstLook(t *testing.T) {
	body := get(start(t, &fake{}, Config{}).Handler(), "/data").Body.String()
	for _, list := range []string{"points", "targets", "commits", "readers", "controls"} {
		if !strings.Contains(body, `"`+list+`":[]`) {
			t.Errorf("%s is no empty list in %s", list, body)
		}
	}
}

// A page asks for what it does not have yet, and a page of an earlier run for everything.
func TestDataIsWhatThePageDoesNotHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, &fake{}, Config{Interval: time.Second, History: 5 * time.Second})
		time.Sleep(8 * time.Second)
		synctest.Wait()
		run := ask(t, d, "").Run
		for query, want := range map[string]int{
			"":                          5,
			"?run=" + run + "&after=8":  0,
			"?run=" + run + "&after=6":  2,
			"?run=" + run + "&after=1":  5, // two are forgotten
			"?run=" + run + "&after=99": 5,
			"?run=" + run + "&after=-1": 5,
			"?run=other&after=8":        5,
		} {
			got := ask(t, d, query)
			if len(got.Points) != want || got.Newest != 8 {
				t.Errorf("%q: %d points up to number %d, want %d up to 8", query, len(got.Points), got.Newest, want)
			}
			if n := len(got.Points); n > 0 && got.Points[n-1].At != float64(time.Now().UnixMilli())/1000 {
				t.Errorf("%q: the last point is not the newest", query)
			}
		}
	})
}

func TestCloseStopsLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, &fake{}, Config{})
		time.Sleep(time.Second)
		synctest.Wait()
		d.Close()
		d.Close()
		time.Sleep(time.Minute)
		if n := ask(t, d, "").Newest; n != 1 {
			t.Errorf("it has looked %d times, want once", n)
		}
	})
}

func TestNoSource(t *testing.T) {
	if _, err := New(nil, Config{}); err == nil {
		t.Error("there is no source to look at")
	}
}

func TestConfigErrors(t *testing.T) {
	for field, configs := range map[string][]Config{
		"Interval": {{Interval: time.Millisecond}, {Interval: 6 * time.Second}, {Interval: -1}},
		"History":  {{History: time.Millisecond}, {History: 2 * time.Hour}, {History: time.Hour, Interval: 100 * time.Millisecond}, {History: -1}},
		"Controls": {{Controls: []Control{{Label: "n"}}}, {Controls: []Control{{Get: func() int { return 0 }, Set: func(int) {}, Min: 2, Max: 1}}}},
	} {
		for i, config := range configs {
			t.Run(fmt.Sprint(field, i), func(t *testing.T) {
				_, err := New(&fake{}, config)
				if problem, ok := errors.AsType[*ConfigError](err); !ok || problem.Field != field {
					t.Errorf("%v", err)
				}
			})
		}
	}
}
