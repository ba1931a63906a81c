package deploy

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// usual is what every store has served for a quarter of an hour: it was opened long ago.
const usual = "groupcommit_opened_timestamp_seconds 0x15\n"

// busy is a store that commits what comes, with commands waiting at each scrape.
const busy = usual + `
groupcommit_queue_commands 5x15
groupcommit_commands_total{verdict="committed"} 0+1200x15
groupcommit_events_total 0+1200x15
`

// latency is so many commands a minute, all of them slower than the lower bound and not than the upper.
func latency(perMinute, lower, upper string) string {
	return strings.NewReplacer("PER_MINUTE", perMinute, "LOWER", lower, "UPPER", upper).Replace(`
groupcommit_command_duration_seconds_bucket{le="LOWER"} 0x15
groupcommit_command_duration_seconds_bucket{le="UPPER"} 0+PER_MINUTEx15
groupcommit_command_duration_seconds_bucket{le="+Inf"} 0+PER_MINUTEx15
groupcommit_command_duration_seconds_count 0+PER_MINUTEx15
`)
}

// cases are for each rule what makes it fire, and what must not: series of a quarter of an hour, scraped each minute.
var cases = map[string]struct{ fires, silent []string }{
	"GroupcommitDown":   {[]string{usual + "up 1x10 0x5"}, []string{usual + "up 1x15", "up 0x15"}},
	"GroupcommitAbsent": {[]string{"up 1x15"}, []string{usual}},
	"GroupcommitStopped": {
		[]string{"groupcommit_stopped 1x15"},
		[]string{"groupcommit_stopped 0x15"},
	},
	"GroupcommitStalled": {
		[]string{"groupcommit_stalled_seconds 31x15"},
		[]string{"groupcommit_stalled_seconds 0x15", "groupcommit_stalled_seconds 29x15"},
	},
	"GroupcommitOutcomeUnknown": {
		[]string{`groupcommit_commands_total{verdict="unknown"} 0x12 1x3`},
		[]string{`groupcommit_commands_total{verdict="unknown"} 3x15`, `groupcommit_commands_total{verdict="not_written"} 0x12 1x3`},
	},
	"GroupcommitNotWritten": {
		[]string{`groupcommit_commands_total{verdict="not_written"} 0x12 1x3`},
		[]string{`groupcommit_commands_total{verdict="not_written"} 3x15`, `groupcommit_commands_total{verdict="unknown"} 0x12 1x3`},
	},
	"GroupcommitDatabaseFails": {
		[]string{`groupcommit_failures_total{class="transient"} 0+2x15`, `groupcommit_failures_total{class="permanent"} 0+2x15`},
		[]string{`groupcommit_failures_total{class="transient"} 0x12 3x3`, `groupcommit_failures_total{class="log_moved"} 0+100x15`},
	},
	"GroupcommitQueueFills": {
		[]string{
			"groupcommit_queue_commands 95x15\ngroupcommit_queue_commands_max 100x15",
			"groupcommit_queue_bytes 95x15\ngroupcommit_queue_bytes_max 100x15",
		},
		[]string{"groupcommit_queue_commands 80x15\ngroupcommit_queue_commands_max 100x15\ngroupcommit_queue_bytes 8x15\ngroupcommit_queue_bytes_max 100x15"},
	},
	"GroupcommitShedsLoad": {
		[]string{`groupcommit_commands_total{verdict="queue_full"} 0+1x15`},
		[]string{`groupcommit_commands_total{verdict="queue_full"} 7x15`},
	},
	"GroupcommitFewCommands": {
		[]string{busy},
		[]string{
			strings.Replace(busy, "queue_commands 5x15", "queue_commands 5x13 0x2", 1), // nothing waited for a moment
			strings.ReplaceAll(busy, "1200x15", "7200x15"),
			strings.Replace(busy, "seconds 0x15", "seconds 700x15", 1), // opened a moment ago: a rate of five minutes is too low
		},
	},
	"GroupcommitFewEvents": {
		[]string{busy},
		[]string{
			strings.Replace(busy, "queue_commands 5x15", "queue_commands 5x13 0x2", 1),
			strings.ReplaceAll(busy, "1200x15", "72000x15"),
			strings.Replace(busy, "seconds 0x15", "seconds 700x15", 1),
		},
	},
	"GroupcommitLatencyP50": {[]string{latency("10", "0.01", "0.015")}, []string{latency("3", "0.01", "0.015"), latency("100", "0.007", "0.01")}},
	"GroupcommitLatencyP95": {[]string{latency("10", "0.05", "0.07")}, []string{latency("3", "0.05", "0.07"), latency("100", "0.03", "0.05")}},
	"GroupcommitLatencyP99": {[]string{latency("30", "0.1", "0.15")}, []string{latency("10", "0.1", "0.15"), latency("100", "0.07", "0.1")}},
	"GroupcommitMemory": {
		[]string{usual + "process_resident_memory_bytes 2000000000x15"},
		[]string{usual + "process_resident_memory_bytes 1000000000x15", "process_resident_memory_bytes 2000000000x15"},
	},
	"GroupcommitCPU": {
		[]string{usual + "process_cpu_seconds_total 0+96x15\ngo_gomaxprocs 2x15"},
		[]string{usual + "process_cpu_seconds_total 0+60x15\ngo_gomaxprocs 2x15", "process_cpu_seconds_total 0+96x15\ngo_gomaxprocs 2x15"},
	},
	"GroupcommitConflicts": {
		[]string{"groupcommit_commands_total{verdict=\"conflict\"} 0+70x15\ngroupcommit_commands_total{verdict=\"committed\"} 0+60x15"},
		[]string{"groupcommit_commands_total{verdict=\"conflict\"} 0+50x15\ngroupcommit_commands_total{verdict=\"committed\"} 0+60x15"},
	},
	"GroupcommitHeadsTooFew": {
		[]string{"groupcommit_heads_misses_total 0+70x15\ngroupcommit_heads_hits_total 0+60x15\ngroupcommit_heads_streams 10x15\ngroupcommit_heads_streams_max 10x15"},
		[]string{
			"groupcommit_heads_misses_total 0+50x15\ngroupcommit_heads_hits_total 0+60x15\ngroupcommit_heads_streams 10x15\ngroupcommit_heads_streams_max 10x15",
			"groupcommit_heads_misses_total 0+70x15\ngroupcommit_heads_hits_total 0+60x15\ngroupcommit_heads_streams 9x15\ngroupcommit_heads_streams_max 10x15",
		},
	},
	"GroupcommitReaderLags": {
		[]string{`groupcommit_lag_seconds{reader="orders"} 31x15`},
		[]string{`groupcommit_lag_seconds{reader="orders"} 29x15`},
	},
	"GroupcommitReaderStopped": {
		[]string{`groupcommit_reader_stopped{reader="orders"} 1x15`},
		[]string{`groupcommit_reader_stopped{reader="orders"} 0x15`},
	},
	"GroupcommitReadsWait": {
		[]string{"groupcommit_pool_wait_seconds_total 0+70x15"},
		[]string{"groupcommit_pool_wait_seconds_total 0+50x15"},
	},
	"GroupcommitTurnsLost": {
		[]string{"groupcommit_turns_lost_total 0+1x15"},
		[]string{"groupcommit_turns_lost_total 0x12 1x3"},
	},
}

// Each rule fires when it should, and only then.
func TestRulesFire(t *testing.T) {
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	rules := alertRules(t)
	for _, rule := range rules {
		c := cases[rule.Alert]
		if len(c.fires) == 0 || len(c.silent) == 0 {
			t.Errorf("no case tries %s", rule.Alert)
		}
		for _, series := range c.fires {
			if !fires(t, engine, rule.Expr, series) {
				t.Errorf("%s is silent at\n%s", rule.Alert, series)
			}
		}
		for _, series := range c.silent {
			if fires(t, engine, rule.Expr, series) {
				t.Errorf("%s fires at\n%s", rule.Alert, series)
			}
		}
	}
	if len(cases) != len(rules) {
		t.Errorf("%d cases are of %d rules", len(cases), len(rules))
	}
}

func fires(t *testing.T, engine *promql.Engine, expr, series string) bool {
	t.Helper()
	script := "load 1m\n"
	for line := range strings.Lines(strings.Trim(series, "\n")) {
		if strings.TrimSpace(line) != "" {
			script += "  " + strings.TrimSpace(line) + "\n"
		}
	}
	storage := promqltest.LoadedStorage(t, script)
	query, err := engine.NewInstantQuery(t.Context(), storage, nil, expr, time.Unix(0, 0).Add(15*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	vector, err := query.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return len(vector) > 0
}
