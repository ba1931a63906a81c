package verify

import (
	"time"

	"github.com/google/uuid"
)

// Report is what a log consists of, and what is wrong with it.
type Report struct {
	LogID      uuid.UUID // identity of the log, the commit_id of its first row; zero where that is not there any more
	Events     int64
	Commits    int64 // without the one that every log begins with
	Commands   int64 // in the commits
	CommandIDs int64 // that are kept
	Streams    int64
	End        int64     // position at which the last commit ends
	FirstAt    time.Time // of the oldest commit; zero when there is none
	LastAt     time.Time // of the last commit

	Findings []Finding // the first MaxFindings, by position
	Damages  int64     // findings in all
}

// MaxFindings is how many findings a report lists.
const MaxFindings = 100

// Sound tells whether the log is as it must be.
func (r *Report) Sound() bool { return r.Damages == 0 }

func (r *Report) add(f Finding) {
	r.Damages++
	if len(r.Findings) < MaxFindings {
		r.Findings = append(r.Findings, f)
	}
}
