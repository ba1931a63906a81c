package telemetry

import (
	"fmt"
	"time"
)

// rule is how one target is judged.
type rule struct {
	name    string
	title   string // of its value; of a state: what is so while it is met
	state   bool   // it is met or not, and its value is of no interest meanwhile
	unit    string
	limit   float64
	atLeast bool // the value is to be at least the limit, in place of less than it
	idle    bool // where there is nothing to judge, it is met; else it stays as it was
	measure func(*window) finding
	words   string // when it is missed: a format of its value, its limit, and what the finding is about
}

// finding is what a rule finds in a window.
type finding struct {
	judged bool // there is something to judge
	value  float64
	about  string // whose value it is, or why it is so, or why there is nothing to judge
}

func found(value float64) finding { return finding{judged: true, value: value} }

func nothing(why string) finding { return finding{about: why} }

// early is why nothing is judged at the beginning.
const early = "no whole window yet"

// rules are those of the targets that are looked at.
func (t *Targets) rules() []rule {
	const less = ", and should be less than %[2]s"
	all := []rule{
		{
			name: "stopped", title: "Writing goes on", state: true, limit: 1, measure: (*window).stopped,
			words: "%[3]s: nothing is written any more, and a person has to look",
		},
		{
			name: "commands", title: "Commands", unit: "/s", limit: t.MinCommands, atLeast: true, idle: true, measure: (*window).commands,
			words: "%[1]s commands are committed, and should be %[2]s, while more wait",
		},
		{
			name: "events", title: "Events", unit: "/s", limit: t.MinEvents, atLeast: true, idle: true, measure: (*window).events,
			words: "%[1]s events are committed, and should be %[2]s, while more wait",
		},
		{
			name: "latency_p50", title: "Latency P50", unit: "s", limit: t.P50.Seconds(), measure: quantile(0.5, 20),
			words: "P50 of the commands is %[1]s" + less,
		},
		{
			name: "latency_p95", title: "Latency P95", unit: "s", limit: t.P95.Seconds(), measure: quantile(0.95, 20),
			words: "P95 of the commands is %[1]s" + less,
		},
		{
			name: "latency_p99", title: "Latency P99", unit: "s", limit: t.P99.Seconds(), measure: quantile(0.99, 100),
			words: "P99 of the commands is %[1]s" + less,
		},
		{
			name: "memory", title: "Memory", unit: "bytes", limit: float64(t.Memory), measure: (*window).memory,
			words: "the process takes %[1]s of memory" + less,
		},
		{
			name: "cpu", title: "Processors", unit: "part", limit: t.CPU, measure: (*window).cpu,
			words: "the process takes %[1]s of its processors" + less,
		},
		{
			name: "queue", title: "Queue taken", unit: "part", limit: t.QueueFull, measure: (*window).queue,
			words: "%[1]s of the queue's room is taken" + less,
		},
		{
			name: "stalled", title: "Nothing stuck", state: true, unit: "s", limit: t.Stalled.Seconds(), measure: (*window).stalled,
			words: "nothing has moved on for %[1]s, although commands wait",
		},
		{
			name: "lag", title: "Lag of readers", unit: "s", limit: t.Lag.Seconds(), idle: true, measure: (*window).lag,
			words: "the reader %[3]s is %[1]s behind the log" + less,
		},
		{
			name: "reader_stopped", title: "Readers go on", state: true, limit: 1, idle: true, measure: (*window).readerStopped,
			words: "the reader %[3]s has given up because of an error, and handles nothing any more",
		},
		{
			name: "outcome_unknown", title: "Outcomes known", state: true, limit: float64(t.Unknown), measure: (*window).unknown,
			words: "%[1]s commands were told that their outcome is unknown",
		},
		{
			name: "not_written", title: "Commands written", state: true, limit: float64(t.NotWritten), measure: (*window).notWritten,
			words: "%[1]s commands were given up as not written",
		},
	}
	var rules []rule
	for i := range all {
		if all[i].limit > 0 {
			rules = append(rules, all[i])
		}
	}
	return rules
}

// judge tells how a window does by the rule, and the one before it did.
func (r *rule) judge(w *window, before *Target) Target {
	f := r.measure(w)
	t := Target{
		Name: r.name, Title: r.title, State: r.state, Unit: r.unit, Limit: r.limit, AtLeast: r.atLeast, Value: f.value, Judged: f.judged,
	}
	switch {
	case f.judged:
		t.Missed = r.missed(f.value)
		t.Message = fmt.Sprintf(r.words, amount(f.value, r.unit), amount(r.limit, r.unit), f.about)
	case before.Missed && !r.idle:
		t.Missed, t.Message = true, before.Message
	default:
		t.Message = f.about
	}
	if t.Missed {
		t.Since = before.Since
		if !before.Missed {
			t.Since = w.newest().stats.At
		}
	}
	return t
}

func (r *rule) missed(value float64) bool {
	if r.atLeast {
		return value < r.limit
	}
	return value >= r.limit
}

func amount(n float64, unit string) string {
	switch unit {
	case "s":
		return time.Duration(n * float64(time.Second)).Round(10 * time.Microsecond).String()
	case "bytes":
		return fmt.Sprintf("%.0f MiB", n/(1<<20))
	case "part":
		return fmt.Sprintf("%.0f %%", 100*n)
	default:
		return fmt.Sprintf("%.4g%s", n, unit)
	}
}
