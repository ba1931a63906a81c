package benchmarks

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/batcher"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/pg"
	"github.com/groupcommit/groupcommit/pipeline"
)

// burst is how many commands are submitted before the timer stops and the queue is emptied.
const burst = 4096

// BenchmarkSubmit is what Submit costs its caller: checking, encoding for PostgreSQL, the future, the queue. What follows in other
// goroutines is in neither time nor allocations: while the timer runs, everything behind the queue stands still.
func BenchmarkSubmit(b *testing.B) {
	for _, check := range []string{"on", "off"} {
		b.Run("check="+check, func(b *testing.B) { benchmarkSubmit(b, check == "off") })
	}
}

func benchmarkSubmit(b *testing.B, skipJSONCheck bool) {
	log := &slowLog{turns: make(chan struct{})}
	p := pipeline.New(pipeline.Config{
		Limits:  command.Limits{SkipJSONCheck: skipJSONCheck},
		Batcher: batcher.Config{MaxItems: 1},
	}, log)
	cmd := groupcommit.To(uuid.NewString(), groupcommit.Any, groupcommit.Event{Type: eventType, Data: eventData})
	// One command stands in Append and one behind it is a full batch. From here on nobody receives from the queue.
	for range 2 {
		if _, err := p.Submit(b.Context(), cmd).Result(); !errors.Is(err, groupcommit.ErrPending) {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	left := burst
	for b.Loop() {
		if left == 0 {
			b.StopTimer()
			log.accept(burst)
			left = burst
			b.StartTimer()
		}
		p.Submit(b.Context(), cmd)
		left--
	}
	close(log.turns)
	if err := p.Close(context.Background()); err != nil {
		b.Error(err)
	}
}

// slowLog keeps nothing. It accepts a commit when it is told to, and when turns is closed, every one at once.
type slowLog struct {
	turns  chan struct{}
	format pg.Store // not open: good for its encoding only
}

func (l *slowLog) accept(commits int) {
	for range commits {
		l.turns <- struct{}{}
	}
}

func (l *slowLog) AppendRow(dst []byte, stream string, event command.Event) []byte {
	return l.format.AppendRow(dst, stream, event)
}

func (l *slowLog) ReadRow(row []byte) (command.Event, error) { return l.format.ReadRow(row) }

func (l *slowLog) Append(context.Context, *committer.Commit, *committer.Link) error {
	<-l.turns
	return nil
}

func (l *slowLog) Look(_ context.Context, query committer.Query) (committer.Snapshot, error) {
	return committer.Snapshot{End: query.Since, Versions: make([]int64, len(query.Streams))}, nil
}

func (l *slowLog) Successor(context.Context, int64) (uuid.UUID, bool, error) {
	return uuid.Nil, false, nil
}

func (l *slowLog) Sync(context.Context) error { return nil }
