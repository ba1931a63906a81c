package conformance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

// A turn begins with a look that sees all that was appended before.
func turnLooks(t *testing.T, open Open) {
	handle := open(t)
	here, there := handle(), handle()
	chain := NewChain(t, here)
	start := take(t, here, committer.Query{}).End
	if awaited, err := here.Awaited(t.Context()); awaited || err != nil {
		t.Errorf("with nobody waiting: awaited %t, %v", awaited, err)
	}
	taken := takeLater(t.Context(), there, committer.Query{Since: start, Streams: []string{"stream"}})
	awaitWaiter(t, here)
	chain.Append(Events("stream", 3))
	here.Pass(t.Context())
	got := <-taken
	if got.err != nil {
		t.Fatal(got.err)
	}
	want := []command.StreamVersion{{Stream: "stream", Version: 3}}
	if s := got.snapshot; s.End != chain.End() || len(s.Versions) != 1 || s.Versions[0] != 3 || len(s.Moved) != 1 || s.Moved[0] != want[0] {
		t.Errorf("the turn begins with %+v, want the end %v", s, chain.End())
	}
	there.Pass(t.Context())
}

// One has it at a time.
func turnAlone(t *testing.T, open Open) {
	const processes, turns = 4, 25
	handle := open(t)
	holders, taken := 0, 0 // under the turn alone
	stores := make([]Store, processes)
	for i := range stores { // all are open before any begins: that takes as long as many turns
		stores[i] = handle()
	}
	var wg sync.WaitGroup
	for _, store := range stores {
		wg.Go(func() {
			for range turns {
				if _, err := store.Take(t.Context(), committer.Query{}); err != nil {
					t.Error(err)
					return
				}
				holders++
				if _, err := store.Look(t.Context(), committer.Query{}); err != nil { // time for another one to have it, too
					t.Error(err)
				}
				if holders != 1 {
					t.Errorf("%d have the turn", holders)
				}
				taken++
				holders--
				store.Pass(t.Context())
			}
		})
	}
	wg.Wait()
	if taken != processes*turns {
		t.Errorf("%d turns, want %d", taken, processes*turns)
	}
}

// Who has stopped waiting is not given the turn, and keeps nobody from it.
func turnGivenUp(t *testing.T, open Open) {
	handle := open(t)
	holder, impatient, next := handle(), handle(), handle()
	take(t, holder, committer.Query{})
	ctx, cancel := context.WithCancelCause(t.Context())
	taken := takeLater(ctx, impatient, committer.Query{})
	awaitWaiter(t, holder)
	cancel(errors.New("no more patience"))
	wantFailure(t, (<-taken).err, committer.Transient)
	if awaited, err := holder.Awaited(t.Context()); awaited || err != nil {
		t.Errorf("after the waiter has left: awaited %t, %v", awaited, err)
	}
	holder.Pass(t.Context())
	take(t, next, committer.Query{})
	next.Pass(t.Context())
	take(t, impatient, committer.Query{})
	impatient.Pass(t.Context())
}

// A look that fails leaves the turn to others.
func turnLookFails(t *testing.T, open Open) {
	handle := open(t)
	here, there := handle(), handle()
	_, err := here.Take(t.Context(), committer.Query{Since: committer.Point{Position: 7, Commit: uuid.New()}})
	wantFailure(t, err, committer.Lost)
	take(t, there, committer.Query{})
	there.Pass(t.Context())
	take(t, here, committer.Query{})
	here.Pass(t.Context())
}

func take(t *testing.T, turns committer.Turns, query committer.Query) committer.Snapshot {
	t.Helper()
	snapshot, err := turns.Take(t.Context(), query)
	if err != nil {
		t.Fatalf("take the turn: %v", err)
	}
	return snapshot
}

type takenTurn struct {
	snapshot committer.Snapshot
	err      error
}

func takeLater(ctx context.Context, turns committer.Turns, query committer.Query) <-chan takenTurn {
	taken := make(chan takenTurn, 1)
	go func() {
		snapshot, err := turns.Take(ctx, query)
		taken <- takenTurn{snapshot, err}
	}()
	return taken
}

// awaitWaiter returns when somebody waits for the turn.
func awaitWaiter(t *testing.T, holder committer.Turns) {
	t.Helper()
	for {
		awaited, err := holder.Awaited(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if awaited {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
