package groupcommit

import (
	"context"

	"github.com/groupcommit/groupcommit/verify"
)

// What Verify returns. Package verify describes it, says what a sound log is, and lists the kinds of damage.
type (
	VerifyReport = verify.Report  // what a log consists of, and what is wrong with it
	Finding      = verify.Finding // one thing that is wrong
	Damage       = verify.Damage  // a kind of finding
)

// Verify reads the whole log, events, commits and command IDs, as they are at one moment, and proves that it is sound, or finds where it is
// not: whether the commits form one chain in which time grows, whether each position from 1 to the end has one event and each event one
// commit, whether the versions of each stream are 1, 2, 3, ... and whether command IDs point to what their commands wrote. An error says
// that it could not be finished, and nothing about the log.
//
// It may run beside writers. In PostgreSQL it holds none of them up, reads the tables from end to end and trusts no index; the server sorts,
// for which it takes some 200 bytes of temporary disk space an event, and keeps the snapshot until the end. Memory stays flat here, at any
// length. A statement_timeout of the role applies. A log in memory is not written to meanwhile.
//
// Some things it cannot see: what data and metadata say, an index that is damaged, and commits that are gone from the end with all that was
// in them, as after a restore. For the last, compare LogID and End with what is known from elsewhere.
func (s *Store) Verify(ctx context.Context) (VerifyReport, error) { return s.log.Verify(ctx) }
