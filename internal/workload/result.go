package workload

import "time"

// Result is what a run came to.
type Result struct {
	Clients   int
	Commands  int   // that succeeded
	Events    int   // that these appended
	Conflicts int   // attempts that came too late and were made again
	Refusals  int   // commands that a business rule refused
	Errors    int   // commands that failed otherwise
	Err       error // one of these errors
	Took      time.Duration
	Latency   Latency // of the commands that succeeded, all their attempts included
}

// CommandsPerSecond counts the commands that succeeded.
func (r *Result) CommandsPerSecond() float64 { return perSecond(r.Commands, r.Took) }

// EventsPerSecond counts the events that were appended.
func (r *Result) EventsPerSecond() float64 { return perSecond(r.Events, r.Took) }

// SuccessRate is the share of commands that did not fail, from 0 to 1. Those that were refused do not count at all. It is 0 when
// there was no command.
func (r *Result) SuccessRate() float64 {
	if r.Commands == 0 {
		return 0
	}
	return float64(r.Commands) / float64(r.Commands+r.Errors)
}

func perSecond(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

func sum(clients []client, took time.Duration) Result {
	r := Result{Clients: len(clients), Took: took}
	var latencies []time.Duration
	for i := range clients {
		c := &clients[i]
		latencies = append(latencies, c.latencies...)
		r.Events += c.events
		r.Conflicts += c.conflicts
		r.Refusals += c.refusals
		r.Errors += c.errors
		if r.Err == nil {
			r.Err = c.err
		}
	}
	r.Commands = len(latencies)
	r.Latency = summarize(latencies)
	return r
}
