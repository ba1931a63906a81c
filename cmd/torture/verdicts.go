package main

import "github.com/groupcommit/groupcommit/internal/oracle"

// verdicts counts what clients were told.
type verdicts struct {
	Submitted, Acked, Duplicates, Conflicts, NotWritten, Unknown int
}

func (v *verdicts) add(w verdicts) {
	v.Submitted += w.Submitted
	v.Acked += w.Acked
	v.Duplicates += w.Duplicates
	v.Conflicts += w.Conflicts
	v.NotWritten += w.NotWritten
	v.Unknown += w.Unknown
}

// count takes in an attempt, which is told of when it is submitted and when it has its verdict.
func (v *verdicts) count(a *oracle.Attempt) {
	switch {
	case a.Told == 0:
		v.Submitted++
	case a.Verdict == oracle.Succeeded && a.Result.Duplicate:
		v.Duplicates++
	case a.Verdict == oracle.Succeeded:
		v.Acked++
	case a.Verdict == oracle.Conflicted:
		v.Conflicts++
	case a.Verdict == oracle.NotWritten:
		v.NotWritten++
	default:
		v.Unknown++
	}
}

// untold is how many attempts nobody has heard of again.
func (v *verdicts) untold() int {
	return v.Submitted - v.Acked - v.Duplicates - v.Conflicts - v.NotWritten - v.Unknown
}
