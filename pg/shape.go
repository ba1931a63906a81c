package pg

import (
	"errors"

	"github.com/groupcommit/groupcommit/committer"
)

// shape is how a commit goes over the wire: what is sent at once, and how to read the answer. Which one is quickest depends on the
// number of rows, and on whether the commit has to wait for another.
//
//	insert  prepared INSERTs of several rows each and a Sync, which is one transaction; a few rows
//	copy    BEGIN, INSERT INTO commits, SET, COPY, COMMIT in one simple query
//	waits   the same without COMMIT
//	last    the COMMIT of that
type shape struct {
	message []byte
	place   int  // the statement that takes the commit's place; 0: none does
	work    int  // statements before the one that commits, all of them answered before it
	inserts bool // the rows are in INSERTs, which do not tell which one an error is about
	waits   bool // nothing here commits
}

// maxInserts is up to how many rows a commit is quicker as INSERTs. See BenchmarkShape.
const maxInserts = 31 // as many as one INSERT of each size has

// shape builds the message in b.
func (s *Store) shape(b []byte, commit *committer.Commit, link *committer.Link) shape {
	waits := link != nil && link.Await != nil
	if !waits && len(commit.Rows) <= maxInserts && len(commit.Records) == 0 {
		return s.insertShape(b, commit)
	}
	return s.copyShape(b, commit, waits)
}

func lastShape() shape {
	return shape{message: appendQuery(nil, func(b []byte) []byte { return append(b, "COMMIT"...) })}
}

// row is the one that an error is about, or -1 where the error came from another statement than COPY.
func (s *shape) row(r *reply) int {
	if s.inserts || r.completed+1 != s.work {
		return -1
	}
	return rowOf(r.err)
}

// vague tells that an error is about a row that INSERTs do not name. Nothing was written.
func (s *shape) vague(r *reply) bool {
	if !s.inserts || r.lost != nil || r.err == nil || r.completed >= s.work {
		return false
	}
	class := classOf(r.err)
	return class == committer.Stale || class == committer.Refused
}

// complete tells that the answer is that of a server which has done everything.
func (s *shape) complete(r *reply) bool {
	statements, status := s.work, byte('I')
	switch {
	case s.waits:
		status = 'T'
	case !s.inserts:
		statements++ // COMMIT
	}
	return r.err == nil && r.lost == nil && r.completed == statements && r.status == status
}

// outcome says what the answer means.
func (s *shape) outcome(r *reply) error {
	switch {
	case r.err != nil || r.lost != nil:
		f := r.failure(s.work, !s.waits)
		if f.Class == committer.Stale || f.Class == committer.Refused {
			f.Row = s.row(r)
		}
		return f
	case !s.complete(r) && !s.waits:
		return &committer.Failure{Class: committer.InDoubt, Row: -1, Err: errAnswer}
	case !s.complete(r):
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: errAnswer}
	case r.tag == "ROLLBACK":
		return &committer.Failure{Class: committer.Transient, Row: -1, Err: errors.New("the server answered ROLLBACK to COMMIT")}
	default:
		return nil
	}
}

var errAnswer = errors.New("the server's answer is not one to what was sent")
