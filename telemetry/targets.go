package telemetry

import (
	"fmt"
	"strings"
	"time"
)

// Targets are what a store is to achieve over Config.Window. A zero field is not looked at; that writing has stopped always is.
type Targets struct {
	// At least so many commands and events are committed a second. It counts only while there is something to do: when commands were
	// waiting, or under way, at each look of a whole window.
	MinCommands, MinEvents float64

	// At most so long are commands under way, from Submit to the verdict.
	P50, P95, P99 time.Duration

	Memory uint64  // of the Go runtime, in bytes: what it has from the system and has not given back
	CPU    float64 // part of what the process may use, GOMAXPROCS processors, 0 to 1; known on Unix only

	QueueFull float64       // part of the queue's room, 0 to 1
	Stalled   time.Duration // nothing has moved on for so long, although commands wait
	Lag       time.Duration // age of the oldest event that a reader has not handled
	Unknown   uint64        // commands whose outcome has stayed unknown, in the window
}

// Production are the usual targets of a service.
func Production() Targets {
	return Targets{
		MinCommands: 100, MinEvents: 1000,
		P50: 10 * time.Millisecond, P95: 50 * time.Millisecond, P99: 100 * time.Millisecond,
		Memory: 1 << 30, CPU: 0.7,
		QueueFull: 0.9, Stalled: 30 * time.Second, Lag: 30 * time.Second, Unknown: 1,
	}
}

// Development are targets that a laptop meets.
func Development() Targets {
	return Targets{
		MinCommands: 10, MinEvents: 100,
		P50: 50 * time.Millisecond, P95: 200 * time.Millisecond, P99: 500 * time.Millisecond,
		Memory: 512 << 20, CPU: 0.5,
		QueueFull: 0.9, Stalled: 30 * time.Second, Lag: 30 * time.Second, Unknown: 1,
	}
}

// Target is how a store does on one of its targets.
type Target struct {
	Name    string  // as in the metric groupcommit_target_missed
	Value   float64 // over the window; 0 where there was nothing to judge
	Limit   float64
	Unit    string // of both: "/s", "s", "bytes", "part", or none
	Missed  bool
	Since   time.Time // when it was first found missed; zero when it is not
	Message string    // value and limit in words, as they are when it is missed
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

// rule is how one target is judged.
type rule struct {
	name    string
	unit    string
	limit   float64
	atLeast bool // the value is to be at least the limit, in place of less than it
	measure func(*window) (value float64, judged bool)
	words   string // when it is missed, with VALUE and LIMIT
}

// rules are those of the targets that are looked at.
func (t *Targets) rules() []rule {
	all := []rule{
		{"stopped", "", 1, false, (*window).stopped, "writing has stopped, and a person has to look"},
		{"commands", "/s", t.MinCommands, true, (*window).commands, "VALUE commands are committed, and should be LIMIT, while more wait"},
		{"events", "/s", t.MinEvents, true, (*window).events, "VALUE events are committed, and should be LIMIT, while more wait"},
		{"latency_p50", "s", t.P50.Seconds(), false, quantile(0.5), "P50 of the commands is VALUE, and should be less than LIMIT"},
		{"latency_p95", "s", t.P95.Seconds(), false, quantile(0.95), "P95 of the commands is VALUE, and should be less than LIMIT"},
		{"latency_p99", "s", t.P99.Seconds(), false, quantile(0.99), "P99 of the commands is VALUE, and should be less than LIMIT"},
		{"memory", "bytes", float64(t.Memory), false, (*window).memory, "the process takes VALUE of memory, and should take less than LIMIT"},
		{"cpu", "part", t.CPU, false, (*window).cpu, "the process takes VALUE of its processors, and should take less than LIMIT"},
		{"queue", "part", t.QueueFull, false, (*window).queue, "VALUE of the queue's room is taken, and should be less than LIMIT"},
		{"stalled", "s", t.Stalled.Seconds(), false, (*window).stalled, "nothing has moved on for VALUE, although commands wait"},
		{"lag", "s", t.Lag.Seconds(), false, (*window).lag, "a reader is VALUE behind the log, and should be less than LIMIT"},
		{"outcome_unknown", "", float64(t.Unknown), false, (*window).unknown, "VALUE commands were told that their outcome is unknown"},
	}
	var rules []rule
	for _, r := range all {
		if r.limit > 0 {
			rules = append(rules, r)
		}
	}
	return rules
}

// judge tells how a window does by the rule.
func (r *rule) judge(w *window) Target {
	value, judged := r.measure(w)
	missed := value >= r.limit
	if r.atLeast {
		missed = value < r.limit
	}
	words := strings.NewReplacer("VALUE", amount(value, r.unit), "LIMIT", amount(r.limit, r.unit)).Replace(r.words)
	return Target{Name: r.name, Unit: r.unit, Limit: r.limit, Value: value, Missed: judged && missed, Message: words}
}
