package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

type eventSequence = iter.Seq2[groupcommit.RecordedEvent, error]

// never is a PollInterval with which nothing is found by looking: who gets an event was told of it.
const never = 24 * time.Hour

// subscriber collects what a subscription gives.
type subscriber struct {
	mu     sync.Mutex
	events []groupcommit.RecordedEvent
	ended  chan struct{}
	err    error
}

func follow(ctx context.Context, events eventSequence) *subscriber {
	s := &subscriber{ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for event, err := range events {
			if err != nil {
				s.err = err
				return
			}
			s.mu.Lock()
			s.events = append(s.events, event)
			s.mu.Unlock()
		}
	}()
	return s
}

func (s *subscriber) seen() []groupcommit.RecordedEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// await returns when so many events have come, each behind the one before it.
func (s *subscriber) await(t *testing.T, after, last int64) {
	t.Helper()
	awaitEvents(t, s, int(last-after))
	var positions []int64
	for _, e := range s.seen() {
		positions = append(positions, e.Position)
	}
	if want := upTo(after, last); !slices.Equal(positions, want) {
		t.Fatalf("got positions %v, want %v", positions, want)
	}
}

// awaitEvents returns when at least so many events have come.
func awaitEvents(t *testing.T, s *subscriber, events int) {
	t.Helper()
	for len(s.seen()) < events {
		select {
		case <-s.ended:
			t.Fatalf("ended after %d events: %v", len(s.seen()), s.err)
		case <-t.Context().Done():
			t.Fatal("the test ended")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestSubscribe(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		mustAppend(t, store, groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(0)}, 450)...))
		ctx, cancel := context.WithCancel(t.Context())
		all, late := follow(ctx, store.Subscribe(ctx, 0)), follow(ctx, store.Subscribe(ctx, 449))
		all.await(t, 0, 450)
		late.await(t, 449, 450)
		for n := range int64(20) {
			mustAppend(t, store, write("s"))
			all.await(t, 0, 451+n)
			late.await(t, 449, 451+n)
		}
		cancel()
		<-all.ended
		<-late.ended
		if all.err != nil || late.err != nil {
			t.Errorf("a subscription whose context ended says %v, %v", all.err, late.err)
		}
	})
}

// With a position that is not there yet, nothing comes before it is.
func TestSubscribeAhead(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		ahead := follow(t.Context(), store.Subscribe(t.Context(), 2))
		for range 4 {
			mustAppend(t, store, write("s"))
		}
		ahead.await(t, 2, 4)
	})
}

func TestCloseEndsSubscriptions(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		mustAppend(t, store, write("s"))
		s := follow(t.Context(), store.Subscribe(t.Context(), 0))
		s.await(t, 0, 1)
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-s.ended
		if !errors.Is(s.err, groupcommit.ErrClosed) {
			t.Errorf("the subscription says %v", s.err)
		}
	})
}

// Behind a filter batches may be empty, and still tell how far the log was read.
func TestSubscribeFiltered(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		const streams, rare = 3000, 2500
		for i := range streams / 100 {
			cmd := groupcommit.Command{}
			for n := range 100 {
				cmd.Streams = append(cmd.Streams, groupcommit.StreamWrite{Stream: fmt.Sprintf("s%d", i*100+n+1), Events: []groupcommit.Event{happened(0)}})
			}
			mustAppend(t, store, cmd)
		}
		var events []groupcommit.RecordedEvent
		empty, last := 0, groupcommit.Checkpoint{}
		for batch, err := range store.SubscribeBatches(t.Context(), 0, groupcommit.StreamPrefix("s2500")) {
			if err != nil {
				t.Fatal(err)
			}
			if batch.Last.Position <= last.Position || batch.End != streams {
				t.Fatalf("after %v came %v", last, batch)
			}
			last = batch.Last
			events = append(events, batch.Events...)
			if len(batch.Events) == 0 {
				empty++
			}
			if last.Position == streams {
				break
			}
		}
		if len(events) != 1 || events[0].Position != rare || empty == 0 {
			t.Errorf("got %v and %d empty batches", events, empty)
		}
	})
}

// A checkpoint in the middle of a commit names that commit, and can be gone on from.
func TestSubscribeFromACheckpoint(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never})
		mustAppend(t, store, groupcommit.To("s", groupcommit.Any, slices.Repeat([]groupcommit.Event{happened(0)}, 10)...))
		at := groupcommit.Checkpoint{}
		for at.Position < 10 {
			for batch, err := range store.SubscribeBatches(t.Context(), 0, groupcommit.From(at), groupcommit.PageSize(3)) {
				if err != nil {
					t.Fatal(err)
				}
				if len(batch.Events) == 0 || batch.Events[0].Position != at.Position+1 {
					t.Fatalf("after %v came %v", at, batch)
				}
				at = batch.Last
				break
			}
		}
	})
}

// Another process is told of commits: nobody has to look.
func TestSubscribeToAnotherProcess(t *testing.T) {
	schema := pgtest.Schema(t)
	writer := openPostgres(t, groupcommit.Config{Schema: schema})
	reader := openReader(t, groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: schema, PollInterval: never})
	s := follow(t.Context(), reader.Subscribe(t.Context(), 0))
	for n := range int64(30) {
		mustAppend(t, writer, write("s"))
		s.await(t, 0, n+1)
	}
}

// Who subscribes is woken however the listening connection fares, and misses nothing of what came meanwhile.
func TestSubscribeOverLostConnections(t *testing.T) {
	schema := pgtest.Schema(t)
	writer := openPostgres(t, groupcommit.Config{Schema: schema})
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	reader := openReader(t, groupcommit.Config{DatabaseURL: proxy.URL(), Schema: schema, PollInterval: never})
	s := follow(t.Context(), reader.Subscribe(t.Context(), 0))
	for n := range int64(20) {
		mustAppend(t, writer, write("s"))
		if n%2 == 0 {
			proxy.Cut([]pgproxy.Ending{pgproxy.FIN, pgproxy.RST}[n/2%2])
		}
		s.await(t, 0, n+1)
	}
}

func TestSubscribeOverARestart(t *testing.T) {
	server := pgtest.Server(t)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: server.URL(), Schema: "restart"})
	s := follow(t.Context(), store.Subscribe(t.Context(), 0))
	for n := range int64(3) {
		mustAppend(t, store, write("s"))
		s.await(t, 0, 2*n+1)
		if err := server.Crash(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, store, write("s"))
		s.await(t, 0, 2*n+2)
	}
}

// After a failover that lost commits nothing is skipped silently, and nothing that took their place is delivered as what follows.
func TestSubscribeOverLostCommits(t *testing.T) {
	p := newPair(t)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: p.primary.URL(), Schema: "lost"})
	mustAppend(t, store, write("s"))
	reader := openReader(t, groupcommit.Config{DatabaseURL: p.url, Schema: "lost"})
	s := follow(t.Context(), reader.Subscribe(t.Context(), 0))
	s.await(t, 0, 1)
	p.failOver(t, func() {
		mustAppend(t, store, write("s"))
		s.await(t, 0, 2)
	})
	<-s.ended
	if !errors.Is(s.err, groupcommit.ErrLostCommits) {
		t.Errorf("the subscription says %v", s.err)
	}
}

// A transaction that stays open anywhere in the cluster holds nobody up, and one that is rolled back leaves no trace.
func TestSubscribeBesideOpenTransactions(t *testing.T) {
	schema := pgtest.Schema(t)
	store := openPostgres(t, groupcommit.Config{Schema: schema, PollInterval: never})
	s := follow(t.Context(), store.Subscribe(t.Context(), 0))
	conn := pgtest.Conn(t)
	for _, sql := range []string{"CREATE TABLE " + schema + ".other (n int)", "BEGIN", "INSERT INTO " + schema + ".other VALUES (1)", "SELECT txid_current()"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	conflict := groupcommit.To("s", groupcommit.Exact(99), happened(0))
	for n := range int64(10) {
		mustAppend(t, store, write("s"))
		if _, err := store.Append(t.Context(), conflict); err == nil {
			t.Fatal("no conflict")
		}
		s.await(t, 0, n+1)
	}
}

// A slow consumer holds up neither writers nor other subscribers, and gets everything.
func TestSlowConsumer(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		store := open(t, groupcommit.Config{PollInterval: never, MaxConnections: 1})
		const events = 300
		mustAppend(t, store, write("s"))
		next := int64(1)
		for batch, err := range store.SubscribeBatches(t.Context(), 0, groupcommit.PageSize(7)) {
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range batch.Events {
				if event.Position != next {
					t.Fatalf("position %d, want %d", event.Position, next)
				}
				next++
			}
			if batch.End < events { // with the batch in hand
				mustAppend(t, store, groupcommit.To("s", groupcommit.Any, happened(1), happened(2), happened(3)))
			}
			if next > events {
				return
			}
		}
	})
}
