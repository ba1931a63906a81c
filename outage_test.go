package groupcommit_test

import (
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// All connections for reading are taken. A read is told so in time, and writing, which has its own, does not notice.
func TestPoolExhausted(t *testing.T) {
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: proxy.URL(), MaxConnections: 1, AcquireTimeout: 10 * time.Millisecond})
	mustAppend(t, store, write("s"))
	slow := proxy.On(pgproxy.Message(pgproxy.Backend, 'D', "Happened"), 1, pgproxy.Hold)
	read := make(chan int)
	go func() {
		events := 0
		for _, err := range store.ReadStream(t.Context(), "s") {
			if err != nil {
				t.Error(err)
			}
			events++
		}
		read <- events
	}()
	<-slow.Hit
	_, err := store.StreamVersion(t.Context(), "s")
	wantIs(t, err, groupcommit.ErrUnavailable)
	mustAppend(t, store, write("s"))
	mustAppend(t, store, write("new"))
	slow.Release()
	if events := <-read; events != 1 {
		t.Errorf("read %d events, want 1", events)
	}
}

// The database is away for as long as it takes to fill the queue. What waits is bounded, and what was refused was not written. When it is back
// all that was accepted is written by itself.
func TestQueueIsBoundedInAnOutage(t *testing.T) {
	const room = 50
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	store := openPostgres(t, groupcommit.Config{DatabaseURL: proxy.URL(), QueueCommands: room, BatchCommands: 10, InFlight: 2})
	mustAppend(t, store, write("s"))
	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.RST)
	var accepted []*groupcommit.Future
	for refused := 0; refused < 1000; {
		future := store.TrySubmit(t.Context(), write("s"))
		select {
		case <-future.Done():
			_, err := future.Result()
			wantIs(t, err, groupcommit.ErrQueueFull)
			refused++
		default:
			accepted = append(accepted, future)
		}
	}
	if n := len(accepted); n < room || n > 3*room {
		t.Errorf("%d commands wait where there is room for %d", n, room)
	}
	proxy.Back()
	for i, future := range accepted {
		if result, err := future.Wait(t.Context()); err != nil || result.First != int64(i+2) {
			t.Fatalf("command %d: %+v, %v", i, result, err)
		}
	}
}

// The store is closed while the database is away, with nobody's patience. Every future has its verdict, which is truthful.
func TestCloseInAnOutage(t *testing.T) {
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	config := groupcommit.Config{DatabaseURL: proxy.URL(), Schema: pgtest.Schema(t), BatchCommands: 5}
	store := openPostgres(t, config)
	mustAppend(t, store, write("s"))
	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.RST)
	var futures []*groupcommit.Future
	for range 50 {
		futures = append(futures, store.Submit(t.Context(), write("s")))
	}
	wantIs(t, store.Close(ended(t)), errEnded)
	wantIs(t, store.Close(t.Context()), errEnded) // who asks later hears of it, too
	for _, future := range futures {
		_, err := future.Result()
		wantIs(t, err, groupcommit.ErrNotWritten)
	}
	again, err := groupcommit.OpenReader(t.Context(), groupcommit.Config{DatabaseURL: pgtest.URL(t), Schema: config.Schema})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if version, err := again.StreamVersion(t.Context(), "s"); err != nil || version != 1 {
		t.Errorf("the stream is at version %d, %v", version, err)
	}
}
