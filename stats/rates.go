package stats

import "time"

// Rates is what a store has done between two Stats of it.
type Rates struct {
	Over time.Duration // the time between them

	Commands  float64 // committed, a second
	Events    float64 // committed, a second
	Commits   float64 // a second
	PerCommit float64 // commands in a commit, on average
	P50       time.Duration
	P95       time.Duration
	P99       time.Duration
}

// Since is what was done since an earlier Stats of the same store. The latencies are those of all commands that were told meanwhile,
// whatever their verdict, and 0 when there were none.
func (s *Stats) Since(earlier *Stats) Rates {
	r := Rates{Over: s.At.Sub(earlier.At)}
	if r.Over <= 0 {
		return r
	}
	rate := func(now, then uint64) float64 { return float64(now-then) / r.Over.Seconds() }
	r.Commands = rate(s.Commands.Committed, earlier.Commands.Committed)
	r.Events = rate(s.Events, earlier.Events)
	r.Commits = rate(s.Commits.Count(), earlier.Commits.Count())
	if r.Commits > 0 {
		r.PerCommit = r.Commands / r.Commits
	}
	latency := s.Latency.Minus(&earlier.Latency)
	r.P50, r.P95, r.P99 = seconds(latency.Quantile(0.5)), seconds(latency.Quantile(0.95)), seconds(latency.Quantile(0.99))
	return r
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
