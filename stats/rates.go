package stats

import "time"

// Rates is what a store has done between two Stats of it.
type Rates struct {
	Over time.Duration // the time between them

	Commands   float64 // committed, a second
	Events     float64 // committed, a second
	Conflicts  float64 // a second
	Commits    float64 // a second
	PerCommit  float64 // commands in a commit, on average
	P50        time.Duration
	P95        time.Duration
	P99        time.Duration
	CommitTime time.Duration // of a commit, on average
	HeadHits   float64       // part of the streams of all batches whose version was known, 0 to 1; 1 when there were none
}

// Since is what was done since an earlier Stats of the same store. The latencies are those of all commands that were told meanwhile,
// whatever their verdict, and 0 when there were none.
func (s *Stats) Since(earlier *Stats) Rates {
	r := Rates{Over: s.At.Sub(earlier.At), HeadHits: 1}
	if r.Over <= 0 {
		return r
	}
	rate := func(now, then uint64) float64 { return float64(now-then) / r.Over.Seconds() }
	r.Commands = rate(s.Commands.Committed, earlier.Commands.Committed)
	r.Events = rate(s.Events, earlier.Events)
	r.Conflicts = rate(s.Commands.Conflicts, earlier.Commands.Conflicts)

	commits := s.Commits.Minus(&earlier.Commits)
	r.Commits = float64(commits.Count()) / r.Over.Seconds()
	r.CommitTime = seconds(commits.Mean())
	if r.Commits > 0 {
		r.PerCommit = r.Commands / r.Commits
	}
	latency := s.Latency.Minus(&earlier.Latency)
	r.P50, r.P95, r.P99 = seconds(latency.Quantile(0.5)), seconds(latency.Quantile(0.95)), seconds(latency.Quantile(0.99))

	hits, misses := s.Heads.Hits-earlier.Heads.Hits, s.Heads.Misses-earlier.Heads.Misses
	if hits+misses > 0 {
		r.HeadHits = float64(hits) / float64(hits+misses)
	}
	return r
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
