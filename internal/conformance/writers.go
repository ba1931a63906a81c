package conformance

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

func otherHandle(t *testing.T, open Open) {
	handle := open(t)
	here, there := handle(), handle()
	chain := NewChain(t, here)
	step := chain.Next(Events("stream", 3)).WithIDs(uuid.New())
	chain.Commit(step)
	sameEvents(t, "the other handle", readAll(t, there, 0, all), step.Events)
	sameRecord(t, there, step.Commit.Records[0])
	if id, found, err := there.Successor(t.Context(), 0); err != nil || !found || id != step.Commit.ID {
		t.Errorf("the other handle: successor %v, %t, %v; want %v", id, found, err, step.Commit.ID)
	}
	reply := NewChain(t, there).Append(Events("stream", 1))
	sameEvents(t, "this handle", readStream(t, here, "stream", 3, all), reply.Events)
	sameEvents(t, "a third handle", readStream(t, handle(), "stream", 3, all), reply.Events)
}

// oneWinner lets two writers append behind the same parent at the same moment, time and again: in every other round to the same
// stream as well.
func oneWinner(t *testing.T, open Open) {
	handle := open(t)
	stores := [2]Store{handle(), handle()}
	chain := NewChain(t, stores[0])
	var want []command.RecordedEvent
	for round := range 200 {
		var steps [2]*Step
		for i := range steps {
			stream := "shared"
			if round%2 == 0 {
				stream = fmt.Sprintf("writer-%d", i)
			}
			steps[i] = chain.Next(Events(stream, 1+round%7))
		}
		winner := race(t, stores, steps)
		id, found, err := stores[1-winner].Successor(t.Context(), chain.End().Position)
		if err != nil || !found || id != steps[winner].Commit.ID {
			t.Fatalf("round %d: the loser finds %v, %t, %v; want %v", round, id, found, err, steps[winner].Commit.ID)
		}
		chain.Follow(steps[winner])
		want = append(want, steps[winner].Events...)
	}
	sameEvents(t, "the log", readAll(t, stores[0], 0, all), want)
}

// race appends both steps at once, of which one must win and the other be told that the log moved.
func race(t *testing.T, stores [2]Store, steps [2]*Step) (winner int) {
	t.Helper()
	var errs [2]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range stores {
		wg.Go(func() {
			<-start
			errs[i] = stores[i].Append(t.Context(), steps[i].Commit, nil)
		})
	}
	close(start)
	wg.Wait()
	switch {
	case errs[0] == nil && errs[1] == nil:
		t.Fatalf("two commits follow position %d", steps[0].Commit.Parent.Position)
	case errs[1] == nil:
		winner = 1
	}
	if errs[winner] != nil {
		t.Fatalf("no commit follows position %d: %v; %v", steps[0].Commit.Parent.Position, errs[0], errs[1])
	}
	wantFailure(t, errs[1-winner], committer.Moved)
	return winner
}

// keepingUp has two writers that know the stream they share by nothing but what Look tells them to have moved. A writer that is
// told too little goes by a version that is not true any more, and is refused as stale.
func keepingUp(t *testing.T, open Open) {
	const each = 100
	handle := open(t)
	stores := [2]Store{handle(), handle()}
	start := look(t, stores[0], committer.Query{}).End
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			if err := keepUp(t, stores[i], start, each); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	events := readAll(t, stores[0], 0, all)
	if len(events) != 2*each {
		t.Fatalf("the log has %d events, want %d", len(events), 2*each)
	}
	var before time.Time
	for i := range events {
		if place := int64(i + 1); events[i].Position != place || events[i].Version != place {
			t.Fatalf("event %d has position %d and version %d", place, events[i].Position, events[i].Version)
		}
		if !events[i].RecordedAt.After(before) {
			t.Fatalf("event %d was recorded at %v, the one before at %v", i+1, events[i].RecordedAt, before)
		}
		before = events[i].RecordedAt
	}
}

// keepUp appends so many commits to the shared stream. It is refused once for each commit of the other writer at most.
func keepUp(t *testing.T, store Store, since committer.Point, commits int) error {
	version := int64(0)
	appended := 0
	for range 2 * commits {
		snapshot, err := store.Look(t.Context(), committer.Query{Since: since})
		if err != nil {
			return err
		}
		for _, moved := range snapshot.Moved {
			if moved.Version <= version {
				return fmt.Errorf("the stream moved from version %d to %d", version, moved.Version)
			}
			version = moved.Version
		}
		since = snapshot.End
		event := Events("shared", 1).Events[0]
		commit := &committer.Commit{
			ID:       uuid.New(),
			Parent:   since,
			Time:     snapshot.EndTime.Add(time.Microsecond),
			Commands: 1,
			Rows:     []committer.Row{{Stream: "shared", Version: version + 1, Encoded: store.AppendRow(nil, "shared", event)}},
		}
		err = store.Append(t.Context(), commit, nil)
		if err == nil {
			since, version = commit.End(), version+1
			if appended++; appended == commits {
				return nil
			}
			continue
		}
		if failure, ok := errors.AsType[*committer.Failure](err); !ok || failure.Class != committer.Moved {
			return err
		}
	}
	return fmt.Errorf("it was refused more often than the other writer appended: %d of %d commits", appended, commits)
}
