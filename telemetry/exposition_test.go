package telemetry_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

// distinct gives every number in a struct another value, from next on, and returns the next.
func distinct(v reflect.Value, next int64) int64 {
	switch value := v.Addr().Interface().(type) {
	case *time.Time:
		*value = time.Unix(next, 0)
		return next + 1
	case *stats.Histogram:
		*value = stats.Histogram{Bounds: []float64{float64(next)}, Counts: []uint64{uint64(next + 1), uint64(next + 2)}, Sum: float64(next + 3)}
		return next + 4
	case *time.Duration:
		*value = time.Duration(next) * time.Second
		return next + 1
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			next = distinct(v.Field(i), next)
		}
	case reflect.Int:
		v.SetInt(next)
		next++
	case reflect.Uint64:
		v.SetUint(uint64(next))
		next++
	}
	return next
}

// Every series has the value that it is named for, and there are no others.
func TestEverySeries(t *testing.T) {
	var s stats.Stats
	distinct(reflect.ValueOf(&s).Elem(), 1)
	s.Stopped = groupcommit.ErrForeignRow
	seen := look(t, &fake{stats: s}, telemetry.Config{
		Targets: telemetry.Targets{Stalled: time.Second, P50: time.Second},
		Lags: func() []telemetry.Lag {
			return []telemetry.Lag{{Name: "orders", Events: 7, Age: 3 * time.Second}, {Name: "mails", Stopped: true}}
		},
	})
	number := func(n uint64) float64 { return float64(n) }
	want := map[string]float64{
		`commands_total{verdict="committed"}`:   number(s.Commands.Committed),
		`commands_total{verdict="duplicate"}`:   number(s.Commands.Duplicates),
		`commands_total{verdict="conflict"}`:    number(s.Commands.Conflicts),
		`commands_total{verdict="reused_id"}`:   number(s.Commands.Reused),
		`commands_total{verdict="rejected"}`:    number(s.Commands.Rejected),
		`commands_total{verdict="declined"}`:    number(s.Commands.Declined),
		`commands_total{verdict="not_written"}`: number(s.Commands.NotWritten),
		`commands_total{verdict="unknown"}`:     number(s.Commands.Unknown),
		`commands_total{verdict="withdrawn"}`:   number(s.Commands.Withdrawn),
		`commands_total{verdict="invalid"}`:     number(s.Commands.Invalid),
		`commands_total{verdict="queue_full"}`:  number(s.Commands.QueueFull),
		`commands_total{verdict="closed"}`:      number(s.Commands.Closed),
		`events_total`:                          number(s.Events),
		`event_bytes_total`:                     number(s.EventBytes),

		`batches_total{reason="full"}`:   number(s.Batches.Full),
		`batches_total{reason="bytes"}`:  number(s.Batches.Bytes),
		`batches_total{reason="eager"}`:  number(s.Batches.Eager),
		`batches_total{reason="share"}`:  number(s.Batches.Share),
		`batches_total{reason="linger"}`: number(s.Batches.Linger),
		`batches_total{reason="flush"}`:  number(s.Batches.Flush),
		`batches_total{reason="close"}`:  number(s.Batches.Close),
		`looks_total`:                    number(s.Looks),
		`look_seconds_total`:             s.LookTime.Seconds(),
		`batches_in_flight`:              float64(s.InFlight),
		`commits_in_flight_max`:          float64(s.MaxInFlight),

		`queue_commands`:     float64(s.Queue.Commands),
		`queue_bytes`:        float64(s.Queue.Bytes),
		`queue_commands_max`: float64(s.Queue.MaxCommands),
		`queue_bytes_max`:    float64(s.Queue.MaxBytes),
		`heads_hits_total`:   number(s.Heads.Hits),
		`heads_misses_total`: number(s.Heads.Misses),
		`heads_streams`:      float64(s.Heads.Streams),
		`heads_streams_max`:  float64(s.Heads.Max),
		`active_streams`:     float64(s.ActiveStreams),

		`states_hits_total`:      number(s.States.Hits),
		`states_misses_total`:    number(s.States.Misses),
		`states_evictions_total`: number(s.States.Evictions),
		`states_streams`:         float64(s.States.Streams),
		`states_streams_max`:     float64(s.States.MaxStreams),
		`states_bytes`:           float64(s.States.Bytes),
		`states_bytes_max`:       float64(s.States.MaxBytes),

		`failures_total{class="transient"}`:        number(s.Failures.Transient),
		`failures_total{class="in_doubt"}`:         number(s.Failures.InDoubt),
		`failures_total{class="log_moved"}`:        number(s.Failures.Moved),
		`failures_total{class="position_taken"}`:   number(s.Failures.Taken),
		`failures_total{class="stale_version"}`:    number(s.Failures.Stale),
		`failures_total{class="command_recorded"}`: number(s.Failures.Recorded),
		`failures_total{class="refused"}`:          number(s.Failures.Refused),
		`failures_total{class="lost_commits"}`:     number(s.Failures.Lost),
		`failures_total{class="log_replaced"}`:     number(s.Failures.Replaced),
		`failures_total{class="permanent"}`:        number(s.Failures.Permanent),
		`doubts_total{end="committed"}`:            number(s.Doubts.Committed),
		`doubts_total{end="not_written"}`:          number(s.Doubts.NotWritten),
		`doubts_total{end="unknown"}`:              number(s.Doubts.Unknown),
		`turns_taken_total`:                        number(s.Turns.Taken),
		`turns_lost_total`:                         number(s.Turns.Lost),
		`turn_wait_seconds_total`:                  s.Turns.Waited.Seconds(),
		`stalled_seconds`:                          s.Stalled.Seconds(),
		`stopped`:                                  1,

		`pool_connections{state="acquired"}`: float64(s.Pool.Acquired),
		`pool_connections{state="idle"}`:     float64(s.Pool.Idle),
		`pool_connections_max`:               float64(s.Pool.Max),
		`pool_acquires_total`:                number(s.Pool.Acquires),
		`pool_waits_total`:                   number(s.Pool.Waits),
		`pool_wait_seconds_total`:            s.Pool.WaitTime.Seconds(),
		`connection_losses_total`:            number(s.Losses),
		`opened_timestamp_seconds`:           float64(s.Opened.Unix()),

		`lag_events{reader="orders"}`:            7,
		`lag_seconds{reader="orders"}`:           3,
		`reader_stopped{reader="orders"}`:        0,
		`lag_events{reader="mails"}`:             0,
		`lag_seconds{reader="mails"}`:            0,
		`reader_stopped{reader="mails"}`:         1,
		`target_missed{target="stopped"}`:        1,
		`target_missed{target="stalled"}`:        1,
		`target_missed{target="latency_p50"}`:    0,
		`target_missed{target="reader_stopped"}`: 1,
	}
	for name, h := range map[string]stats.Histogram{
		"command_duration_seconds": s.Latency, "queue_duration_seconds": s.QueueTime, "commit_duration_seconds": s.Commits,
		"evaluation_duration_seconds": s.Evaluation, "batch_commands": s.BatchCommands, "batch_bytes": s.BatchBytes, "commit_events": s.CommitEvents,
	} {
		want[name+`_bucket{le="`+format(h.Bounds[0])+`"}`] = number(h.Counts[0])
		want[name+`_bucket{le="+Inf"}`] = number(h.Counts[0] + h.Counts[1])
		want[name+`_count`] = number(h.Counts[0] + h.Counts[1])
		want[name+`_sum`] = h.Sum
	}
	for series, got := range scrape(t, seen) {
		name, ours := strings.CutPrefix(series, "groupcommit_")
		if value, known := want[name]; ours && (!known || got != value) {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not served are %v", want)
	}
}
