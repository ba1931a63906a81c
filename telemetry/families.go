package telemetry

import (
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// family is one metric: its name, what it is, and where its values are.
type family struct {
	name, kind, help string
	label            string // of the values, where there are several
	values           func(*view) []value
	histogram        func(*stats.Stats) *stats.Histogram // in place of values
}

// view is what a scrape sees, all of one moment.
type view struct {
	stats   stats.Stats
	lags    []Lag
	targets []Target
}

type value struct {
	label  string
	number float64
}

// families are the metrics, in the order in which they are written. OPERATIONS.md says what to do about each; a test compares the two.
var families = []family{
	counters("commands_total", "Commands that were told their verdict, by verdict.", "verdict",
		func(s *stats.Stats) []stats.Count { return s.Commands.Counts() }),
	counter("events_total", "Events committed.", func(s *stats.Stats) uint64 { return s.Events }),
	counter("event_bytes_total", "Bytes of the events committed, as encoded for the log.", func(s *stats.Stats) uint64 { return s.EventBytes }),
	histogram("command_duration_seconds", "Time from Submit to the verdict.", func(s *stats.Stats) *stats.Histogram { return &s.Latency }),
	histogram("queue_duration_seconds", "Time from Submit until a batch took the command.",
		func(s *stats.Stats) *stats.Histogram { return &s.QueueTime }),

	counters("batches_total", "Batches, by the reason for which they left the queue.", "reason",
		func(s *stats.Stats) []stats.Count { return s.Batches.Counts() }),
	histogram("batch_commands", "Commands in a batch.", func(s *stats.Stats) *stats.Histogram { return &s.BatchCommands }),
	histogram("batch_bytes", "Bytes of memory that the commands of a batch hold.", func(s *stats.Stats) *stats.Histogram { return &s.BatchBytes }),
	histogram("evaluation_duration_seconds", "Time that judging a batch took, without looks at the log.",
		func(s *stats.Stats) *stats.Histogram { return &s.Evaluation }),
	counter("looks_total", "Looks at the log for what a batch is judged on.", func(s *stats.Stats) uint64 { return s.Looks }),
	spent("look_seconds_total", "Time spent in these looks.", func(s *stats.Stats) time.Duration { return s.LookTime }),

	histogram("commit_duration_seconds", "Time from sending a commit to its answer.", func(s *stats.Stats) *stats.Histogram { return &s.Commits }),
	histogram("commit_events", "Events in a commit.", func(s *stats.Stats) *stats.Histogram { return &s.CommitEvents }),
	level("batches_in_flight", "Batches taken from the queue and not told.", func(s *stats.Stats) int { return s.InFlight }),
	level("commits_in_flight_max", "Commits that may be under way at a time.", func(s *stats.Stats) int { return s.MaxInFlight }),

	level("queue_commands", "Commands that wait for a batch.", func(s *stats.Stats) int { return s.Queue.Commands }),
	level("queue_bytes", "Bytes of memory that they hold.", func(s *stats.Stats) int { return s.Queue.Bytes }),
	level("queue_commands_max", "Commands that the queue has room for.", func(s *stats.Stats) int { return s.Queue.MaxCommands }),
	level("queue_bytes_max", "Bytes that the queue has room for.", func(s *stats.Stats) int { return s.Queue.MaxBytes }),

	counter("heads_hits_total", "Streams of batches whose version was in memory.", func(s *stats.Stats) uint64 { return s.Heads.Hits }),
	counter("heads_misses_total", "Streams of batches whose version had to be looked up.", func(s *stats.Stats) uint64 { return s.Heads.Misses }),
	level("heads_streams", "Streams whose version is in memory.", func(s *stats.Stats) int { return s.Heads.Streams }),
	level("heads_streams_max", "Streams whose version memory is kept for.", func(s *stats.Stats) int { return s.Heads.Max }),
	counter("states_hits_total", "States of streams that decisions found in memory.", func(s *stats.Stats) uint64 { return s.States.Hits }),
	counter("states_misses_total", "States of streams that had to be loaded for decisions.", func(s *stats.Stats) uint64 { return s.States.Misses }),
	counter("states_evictions_total", "Streams whose states had to make room for others.", func(s *stats.Stats) uint64 { return s.States.Evictions }),
	level("states_streams", "Streams whose states are in memory.", func(s *stats.Stats) int { return s.States.Streams }),
	level("states_streams_max", "Streams whose states memory is kept for.", func(s *stats.Stats) int { return s.States.MaxStreams }),
	level("states_bytes", "Bytes of memory that they take, by what deciders say.", func(s *stats.Stats) int { return s.States.Bytes }),
	level("states_bytes_max", "Bytes that there is room for.", func(s *stats.Stats) int { return s.States.MaxBytes }),
	level("active_streams", "Streams that committed commands named in the last minute, about.", func(s *stats.Stats) int { return s.ActiveStreams }),

	counters("failures_total", "Attempts to look or to append that did not succeed, by class.", "class",
		func(s *stats.Stats) []stats.Count { return s.Failures.Counts() }),
	counters("doubts_total", "Commits that were in doubt, by what became of them.", "end",
		func(s *stats.Stats) []stats.Count { return s.Doubts.Counts() }),
	counter("turns_taken_total", "Turns that this process has got among those that write.", func(s *stats.Stats) uint64 { return s.Turns.Taken }),
	counter("turns_lost_total", "Turns that were lost while they were held.", func(s *stats.Stats) uint64 { return s.Turns.Lost }),
	spent("turn_wait_seconds_total", "Time spent waiting for turns.", func(s *stats.Stats) time.Duration { return s.Turns.Waited }),
	gauge("stalled_seconds", "For how long nothing has moved on although commands wait.",
		func(s *stats.Stats) float64 { return s.Stalled.Seconds() }),
	gauge("stopped", "1 when nothing is written any more, until a person has looked.",
		func(s *stats.Stats) float64 { return truth(s.Stopped != nil) }),

	gauges("pool_connections", "Connections for reads, in use and idle.", "state", func(v *view) []value {
		return []value{{"acquired", float64(v.stats.Pool.Acquired)}, {"idle", float64(v.stats.Pool.Idle)}}
	}),
	level("pool_connections_max", "Connections for reads that there may be.", func(s *stats.Stats) int { return s.Pool.Max }),
	counter("pool_acquires_total", "Times that a connection was lent to a read.", func(s *stats.Stats) uint64 { return s.Pool.Acquires }),
	counter("pool_waits_total", "Times that a read found no idle connection.", func(s *stats.Stats) uint64 { return s.Pool.Waits }),
	spent("pool_wait_seconds_total", "Time that reads waited for a connection.", func(s *stats.Stats) time.Duration { return s.Pool.WaitTime }),
	counter("connection_losses_total", "Connections for writing that were lost or given up.", func(s *stats.Stats) uint64 { return s.Losses }),
	gauge("opened_timestamp_seconds", "When the store was opened.", func(s *stats.Stats) float64 { return float64(s.Opened.UnixMilli()) / 1000 }),

	readers("lag_events", "Events that a reader of the log has not handled yet.", func(l *Lag) float64 { return float64(l.Events) }),
	readers("lag_seconds", "Age of the oldest of them.", func(l *Lag) float64 { return l.Age.Seconds() }),
	readers("reader_stopped", "1 when a reader of the log has given up, because of an error.", func(l *Lag) float64 { return truth(l.Stopped) }),
	gauges("target_missed", "1 while a target is missed.", "target", func(v *view) (values []value) {
		for _, t := range v.targets {
			values = append(values, value{t.Name, truth(t.Missed)})
		}
		return values
	}),
}

const prefix = "groupcommit_"

func counter(name, help string, get func(*stats.Stats) uint64) family {
	return one(name, "counter", help, func(s *stats.Stats) float64 { return float64(get(s)) })
}

func spent(name, help string, get func(*stats.Stats) time.Duration) family {
	return one(name, "counter", help, func(s *stats.Stats) float64 { return get(s).Seconds() })
}

func level(name, help string, get func(*stats.Stats) int) family {
	return one(name, "gauge", help, func(s *stats.Stats) float64 { return float64(get(s)) })
}

func gauge(name, help string, get func(*stats.Stats) float64) family {
	return one(name, "gauge", help, get)
}

func gauges(name, help, label string, get func(*view) []value) family {
	return family{name: prefix + name, kind: "gauge", help: help, label: label, values: get}
}

func readers(name, help string, get func(*Lag) float64) family {
	return gauges(name, help, "reader", func(v *view) (values []value) {
		for i := range v.lags {
			values = append(values, value{v.lags[i].Name, get(&v.lags[i])})
		}
		return values
	})
}

func one(name, kind, help string, get func(*stats.Stats) float64) family {
	return family{name: prefix + name, kind: kind, help: help, values: func(v *view) []value { return []value{{number: get(&v.stats)}} }}
}

func counters(name, help, label string, get func(*stats.Stats) []stats.Count) family {
	return family{name: prefix + name, kind: "counter", help: help, label: label, values: func(v *view) (values []value) {
		for _, c := range get(&v.stats) {
			values = append(values, value{c.Label, float64(c.N)})
		}
		return values
	}}
}

func histogram(name, help string, get func(*stats.Stats) *stats.Histogram) family {
	return family{name: prefix + name, kind: "histogram", help: help, histogram: get}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
