package telemetry_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metrics"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func TestMetricsOfAStore(t *testing.T) {
	store := openStore(t, groupcommit.Config{})
	seen := look(t, store, telemetry.Config{})
	event := groupcommit.JSON("Happened", 1)
	for range 3 {
		if _, err := store.Append(t.Context(), groupcommit.To("<b>stream", groupcommit.Any, event, event)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Append(t.Context(), groupcommit.To("<b>stream", groupcommit.NoStream, event)); err == nil {
		t.Fatal("no conflict")
	}
	if err := store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := scrape(t, seen)
	for series, want := range map[string]float64{
		`groupcommit_commands_total{verdict="committed"}`:           3,
		`groupcommit_commands_total{verdict="conflict"}`:            1,
		`groupcommit_events_total`:                                  6,
		`groupcommit_command_duration_seconds_count`:                4,
		`groupcommit_command_duration_seconds_bucket{le="+Inf"}`:    4,
		`groupcommit_commit_duration_seconds_count`:                 3,
		`groupcommit_commit_events_bucket{le="1"}`:                  0,
		`groupcommit_commit_events_bucket{le="2"}`:                  3,
		`groupcommit_queue_commands`:                                0,
		`groupcommit_queue_commands_max`:                            16384,
		`groupcommit_active_streams`:                                1,
		`groupcommit_stopped`:                                       0,
		`groupcommit_pool_connections_max`:                          20,
		`groupcommit_target_missed{target="stopped"}`:               0,
		`groupcommit_failures_total{class="transient"}`:             0,
		`groupcommit_commits_in_flight_max`:                         3,
		`groupcommit_doubts_total{end="unknown"}`:                   0,
		`groupcommit_batches_total{reason="eager"}`:                 4,
		`groupcommit_commands_total{verdict="withdrawn"}`:           0,
		`groupcommit_command_duration_seconds_bucket{le="60"}`:      4,
		`groupcommit_command_duration_seconds_bucket{le="0.00015"}`: 0,
	} {
		if n, ok := got[series]; !ok || n != want {
			t.Errorf("%s is %v, want %v", series, n, want)
		}
	}
	for _, series := range []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "go_goroutines"} {
		if got[series] <= 0 {
			t.Errorf("%s is %v", series, got[series])
		}
	}
	for series := range got {
		if strings.Contains(series, "stream\"") || strings.Contains(series, "<b>") {
			t.Errorf("a stream's name is in a label: %s", series)
		}
	}
}

func TestMetricsOfStates(t *testing.T) {
	states := stats.States{Hits: 1, Misses: 2, Evictions: 3, Streams: 4, MaxStreams: 5, Bytes: 6, MaxBytes: 7}
	got := scrape(t, look(t, &fake{stats: stats.Stats{States: states}}, telemetry.Config{}))
	for i, name := range []string{"hits_total", "misses_total", "evictions_total", "streams", "streams_max", "bytes", "bytes_max"} {
		if n := got["groupcommit_states_"+name]; n != float64(i+1) {
			t.Errorf("%s is %v, want %d", name, n, i+1)
		}
	}
}

// A histogram's buckets never fall, and end with the count.
func TestHistogramsAreCumulative(t *testing.T) {
	m := stats.NewDurations()
	for i := range 1000 {
		m.Observe(int64(time.Duration(i*i) * time.Microsecond))
	}
	seen := look(t, &fake{stats: stats.Stats{Latency: m.Histogram()}}, telemetry.Config{})
	got := scrape(t, seen)
	last := 0.0
	for _, bound := range m.Histogram().Bounds {
		n, ok := got[fmt.Sprintf("groupcommit_command_duration_seconds_bucket{le=%q}", fmt.Sprint(bound))]
		if !ok || n < last {
			t.Errorf("bucket %v has %v after %v", bound, n, last)
		}
		last = n
	}
	if got["groupcommit_command_duration_seconds_count"] != 1000 {
		t.Errorf("got %v values", got["groupcommit_command_duration_seconds_count"])
	}
}

// Names of readers can be anything and break nothing; a program's own metrics are served with the store's.
func TestLabelsAreEscaped(t *testing.T) {
	seen := look(t, &fake{}, telemetry.Config{Lags: func() []telemetry.Lag {
		return []telemetry.Lag{{Name: "a\"} 1\n\\", Events: 7, Age: time.Minute}}
	}})
	seen.Set().NewCounter("orders_total").Add(3)
	got := scrape(t, seen)
	if n := got[`groupcommit_lag_events{reader="a\"} 1\n\\"}`]; n != 7 {
		t.Errorf("got %v of %v", n, slices.Sorted(maps.Keys(got)))
	}
	if got[`groupcommit_lag_seconds{reader="a\"} 1\n\\"}`] != 60 || got["orders_total"] != 3 {
		t.Errorf("got %v", got)
	}
}

// A name that is no text is shown as far as it is, and readers of one name are one series, of the worst of them: a scrape never fails.
func TestNamesOfReaders(t *testing.T) {
	seen := look(t, &fake{}, telemetry.Config{Lags: func() []telemetry.Lag {
		return []telemetry.Lag{
			{Name: "caf\xe9", Events: 1, Age: time.Second},
			{Name: "same", Events: 5, Age: time.Second},
			{Name: "same", Events: 3, Age: time.Minute, Stopped: true},
			{Name: "same"},
		}
	}})
	if page := get(t, seen, "/metrics").Body.String(); !utf8.ValidString(page) {
		t.Error("the page is not UTF-8")
	}
	got := scrape(t, seen) // fails where a series is there twice
	for series, want := range map[string]float64{
		"groupcommit_lag_events{reader=\"caf\uFFFD\"}": 1, `groupcommit_lag_events{reader="same"}`: 5,
		`groupcommit_lag_seconds{reader="same"}`: 60, `groupcommit_reader_stopped{reader="same"}`: 1,
	} {
		if got[series] != want {
			t.Errorf("%s is %v, want %v", series, got[series], want)
		}
	}
}

func TestSetsAreApart(t *testing.T) {
	first, second := look(t, &fake{}, telemetry.Config{}), look(t, &fake{}, telemetry.Config{})
	first.Set().NewCounter("orders_total")
	if _, ok := scrape(t, second)["orders_total"]; ok || len(metrics.ListMetricNames()) > 0 {
		t.Error("a metric of one store is told of another, or of all")
	}
}
