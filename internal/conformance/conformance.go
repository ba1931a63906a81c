// Package conformance is the one description, in tests, of what a log does. memlog and pg both run it.
//
// It knows a log by committer.Log, reading.Log and a method that verifies, nothing of how one is kept. Chain, which builds commits, serves
// other tests too: it is the foreign process that appends behind a committer's back.
package conformance

import (
	"context"
	"testing"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/reading"
	"github.com/groupcommit/groupcommit/verify"
)

// Store is a handle on a log, for writing and for reading.
type Store interface {
	committer.Log
	committer.Turns

	reading.Log

	// Verify tells whether the log is sound.
	Verify(ctx context.Context) (verify.Report, error)
}

// Open makes a new, empty log and returns what opens handles on it. A handle stands for a process: one goroutine uses it at a
// time (but for AppendRow and ReadRow), and handles of one log are used at once. What has to be closed is left to t.Cleanup. The function that is
// returned is called by the goroutine of the test.
type Open func(t *testing.T) (handle func() Store)

type test struct {
	name string
	run  func(t *testing.T, open Open)
}

// Run runs the suite on logs with data of a type, a subtest for each thing that a log does.
func Run(t *testing.T, dataType command.DataType, open Open) {
	for _, c := range []test{
		{"genesis", genesis},

		{"append and read back", appendAndReadBack},
		{"several streams in one commit", severalStreams},
		{"payloads", payloads},
		{"large payload", largePayload},
		dataTests[dataType],
		{"odd text", oddText},
		{"names are compared byte by byte", namesByteByByte},
		{"big batch", bigBatch},
		{"times in microseconds", times},
		{"memory stays with its owner", memory},
		{"rows are encoded anywhere", encoding},
		{"rows are read back", rows},
		{"successor", successor},
		{"sync", syncs},

		{"moved", moved},
		{"moved when appended twice", appendedTwice},
		{"taken", taken},
		{"stale", stale},
		{"stale within the commit", staleWithin},
		{"recorded", recorded},
		{"recorded or stale", recordedOrStale},
		{"lost", lost},
		{"failures without user data", withoutData},
		{"cancelled", cancelled},

		{"look at versions", lookVersions},
		{"look at a thousand streams", lookThousand},
		{"look at the end", lookEnd},
		{"look at records", lookRecords},
		{"look at what moved", lookMoved},
		{"look from far behind", lookFar},
		{"look from a point that is not there", lookLost},

		{"read the log in pages", readAllPages},
		{"read a stream in pages", readStreamPages},
		{"read parts of the log", readParts},
		{"read parts of a stream", readStreamParts},
		{"the tip, and who holds a position", tips},
		{"positions at times", positionsAt},
		{"watch what others append", watch},

		{"verify", verifies},
		{"verify when empty", verifiesEmpty},
		{"verify beside a writer", verifiesBesideWriter},
		{"verify what should not have been appended", verifiesAppended},

		{"a turn begins with a look", turnLooks},
		{"one has the turn", turnAlone},
		{"a turn given up", turnGivenUp},
		{"a turn whose look fails", turnLookFails},

		{"another handle sees it", otherHandle},
		{"two writers, one winner", oneWinner},
		{"two writers that keep up", keepingUp},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}
}
