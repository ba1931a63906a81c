package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

func moved(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	early := chain.Next(Events("a", 1), Events("b", 10))
	winner := chain.Append(Events("c", 3))
	refused(t, store, early, committer.Moved)

	// The same parent under a wrong ID: that something follows the position is found first.
	early.Commit.Parent.Commit = uuid.New()
	refused(t, store, early, committer.Moved)

	late := chain.Next(Events("a", 1))
	chain.Append(Events("c", 1))
	refused(t, store, late, committer.Moved)

	if id, found, err := store.Successor(t.Context(), early.Commit.Parent.Position); err != nil || !found || id != winner.Commit.ID {
		t.Errorf("successor: %v, %t, %v; want %v", id, found, err, winner.Commit.ID)
	}
	chain.Append(Events("a", 1), Events("b", 10))
}

// appendedTwice is what a committer does that did not hear the answer. Of all that the first time put into its way, it must be
// told the one thing by which it finds out.
func appendedTwice(t *testing.T, open Open) {
	for _, rows := range []int{1, 100} {
		handle := open(t)
		store, other := handle(), handle()
		chain := NewChain(t, store)
		chain.Append(Events("before", 1))
		step := chain.Next(Events("stream", rows)).WithIDs(uuid.New())
		chain.Commit(step)
		refused(t, store, step, committer.Moved)
		refused(t, other, step, committer.Moved)
		id, found, err := other.Successor(t.Context(), step.Commit.Parent.Position)
		if err != nil || !found || id != step.Commit.ID {
			t.Errorf("%d rows: successor: %v, %t, %v; want our own %v", rows, id, found, err, step.Commit.ID)
		}
		chain.Append(Events("behind", 1))
		refused(t, store, step, committer.Moved)
	}
}

// taken has a parent in the middle of a commit: nothing follows that position, but events stand behind it.
func taken(t *testing.T, open Open) {
	for _, rows := range []int{1, 2, 20} {
		store := open(t)()
		chain := NewChain(t, store)
		step := chain.Append(Events("stream", 10))
		for _, position := range []int64{1, 5, 9} {
			inside := chain.Next(Events("inside", rows))
			inside.Commit.Parent = committer.Point{Position: position, Commit: step.Commit.ID}
			refused(t, store, inside, committer.Taken)
		}
		chain.Append(Events("inside", rows))
	}
}

func stale(t *testing.T, open Open) {
	for _, c := range []struct{ rows, row int }{{1, 0}, {3, 0}, {3, 1}, {3, 2}, {500, 0}, {500, 250}, {500, 499}} {
		t.Run(fmt.Sprintf("row %d of %d", c.row, c.rows), func(t *testing.T) {
			store := open(t)()
			chain := NewChain(t, store)
			chain.Append(Events("stale", 2))
			var writes []command.StreamWrite
			for i := range c.rows {
				stream := fmt.Sprintf("stream-%d", i)
				if i == c.row {
					stream = "stale"
				}
				writes = append(writes, Events(stream, 1))
			}
			step := chain.Next(writes...).WithIDs(uuid.New())
			for _, version := range []int64{1, 2} {
				step.Commit.Rows[c.row].Version = version
				if failure := refused(t, store, step, committer.Stale); failure.Row != c.row {
					t.Errorf("version %d: failed at row %d, want %d", version, failure.Row, c.row)
				}
			}
			step.Commit.Rows[c.row].Version = 3
			chain.Commit(step)
			sameEvents(t, "the same commit with the right version", readAll(t, store, 2, all), step.Events)
		})
	}
}

func staleWithin(t *testing.T, open Open) {
	for _, rows := range []int{2, 5, 300} {
		store := open(t)()
		chain := NewChain(t, store)
		step := chain.Next(Events("stream", rows))
		step.Commit.Rows[rows-1].Version = step.Commit.Rows[0].Version
		if failure := refused(t, store, step, committer.Stale); failure.Row != rows-1 {
			t.Errorf("%d rows: failed at row %d, want %d", rows, failure.Row, rows-1)
		}
		chain.Append(Events("stream", rows))
	}
}

func recorded(t *testing.T, open Open) {
	for _, rows := range []int{1, 100} {
		store := open(t)()
		chain := NewChain(t, store)
		known := uuid.New()
		first := chain.Next(Events("stream", rows)).WithIDs(uuid.New(), known)
		chain.Commit(first)
		for _, ids := range [][]uuid.UUID{
			{known},
			{known, uuid.New(), uuid.New()},
			{uuid.New(), known, uuid.New()},
			{uuid.New(), uuid.New(), known},
		} {
			refused(t, store, chain.Next(Events("stream", rows)).WithIDs(ids...), committer.Recorded)
		}
		twice := uuid.New()
		refused(t, store, chain.Next(Events("stream", rows)).WithIDs(twice, uuid.New(), twice), committer.Recorded)
		chain.Commit(chain.Next(Events("stream", rows)).WithIDs(twice))
		sameRecord(t, store, first.Commit.Records[1])
	}
}

// recordedOrStale leaves to the log which of the two it finds first.
func recordedOrStale(t *testing.T, open Open) {
	for _, rows := range []int{1, 100} {
		store := open(t)()
		chain := NewChain(t, store)
		id := uuid.New()
		chain.Commit(chain.Next(Events("stream", rows)).WithIDs(id))
		step := chain.Next(Events("stream", rows)).WithIDs(id, uuid.New())
		step.Commit.Rows[0].Version = 1
		refusedAny(t, store, step, committer.Recorded, committer.Stale)
		chain.Append(Events("stream", rows))
	}
}

func lost(t *testing.T, open Open) {
	for _, rows := range []int{1, 100} {
		store := open(t)()
		chain := NewChain(t, store)
		for range 2 { // in an empty log, and in one that is not
			end := chain.End()
			for _, parent := range []committer.Point{
				{Position: end.Position, Commit: uuid.New()},
				{Position: end.Position + 1, Commit: end.Commit},
				{Position: end.Position + 1000, Commit: uuid.New()},
			} {
				step := chain.Next(Events("stream", rows)).WithIDs(uuid.New())
				step.Commit.Parent = parent
				refused(t, store, step, committer.Lost)
			}
			chain.Append(Events("stream", rows))
		}
		older := chain.End()
		chain.Append(Events("stream", rows))
		step := chain.Next(Events("stream", rows))
		step.Commit.Parent.Commit = older.Commit
		refused(t, store, step, committer.Lost)
		chain.Append(Events("stream", rows))
	}
}

// withoutData looks for user data in the text of failures.
func withoutData(t *testing.T, open Open) {
	for _, rows := range []int{1, 100} {
		store := open(t)()
		chain := NewChain(t, store)
		const canary = "canary-bird"
		write := Events(canary, rows)
		for i := range write.Events {
			write.Events[i].Type, write.Events[i].Data, write.Events[i].Metadata = canary, []byte(`"canary-bird"`), []byte(`"canary-bird"`)
		}
		known := uuid.New()
		first := chain.Next(write, write).WithIDs(known)
		chain.Commit(first)

		stale := chain.Next(write)
		stale.Commit.Rows[0].Version = 1
		inside := chain.Next(write)
		inside.Commit.Parent = committer.Point{Position: 1, Commit: first.Commit.ID}
		foundling := chain.Next(write)
		foundling.Commit.Parent.Commit = uuid.New()
		for _, failure := range []*committer.Failure{
			refused(t, store, first, committer.Moved),
			refused(t, store, inside, committer.Taken),
			refused(t, store, stale, committer.Stale),
			refused(t, store, chain.Next(write).WithIDs(known), committer.Recorded),
			refused(t, store, foundling, committer.Lost),
		} {
			if text := fmt.Sprintf("%v %+v", failure, failure.Err); strings.Contains(text, canary) {
				t.Errorf("user data in the text of a failure: %s", text)
			}
		}
	}
}

func cancelled(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	chain.Append(Events("stream", 1))
	step := chain.Next(Events("stream", 1)).WithIDs(uuid.New())
	before := observe(t, store, step)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Look":          func() error { _, err := store.Look(ctx, committer.Query{Streams: []string{"stream"}}); return err },
		"Successor":     func() error { _, _, err := store.Successor(ctx, 0); return err },
		"Sync":          func() error { return store.Sync(ctx) },
		"Read":          func() error { _, err := store.Read(ctx, behind("", 0, all)); return err },
		"Tip":           func() error { _, _, err := store.Tip(ctx, 0); return err },
		"PositionAt":    func() error { _, err := store.PositionAt(ctx, time.Now()); return err },
		"StreamVersion": func() error { _, err := store.StreamVersion(ctx, "stream"); return err },
		"Verify":        func() error { _, err := store.Verify(ctx); return err },
		"Append": func() error {
			err := store.Append(ctx, step.Commit, nil)
			wantFailure(t, err, committer.Transient) // certain: nothing was sent
			return err
		},
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v", name, err)
		}
	}

	if after := observe(t, store, step); !reflect.DeepEqual(before, after) {
		t.Errorf("cancelled calls left a trace\nbefore: %s\nafter:  %s", before, after)
	}
	chain.Commit(step)
}
