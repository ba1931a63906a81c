package reading_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

// deafLog hears of no commits, counts what is read of it, and can be out of reach, with and without a word.
type deafLog struct {
	*memlog.Log
	reads  atomic.Int64
	out    atomic.Bool
	silent atomic.Bool
}

func (l *deafLog) Watch(ctx context.Context, _ func()) { <-ctx.Done() }

func (l *deafLog) Read(ctx context.Context, s reading.Selection) ([]command.RecordedEvent, error) {
	l.reads.Add(1)
	return l.Log.Read(ctx, s)
}

func (l *deafLog) Tip(ctx context.Context, position int64) (command.Checkpoint, uuid.UUID, error) {
	if l.out.Load() {
		return command.Checkpoint{}, uuid.Nil, command.ErrUnavailable
	}
	if l.silent.Load() {
		<-ctx.Done()
		return command.Checkpoint{}, uuid.Nil, ctx.Err()
	}
	return l.Log.Tip(ctx, position)
}

// subscribe counts what a subscription gives, until the bubble ends.
func subscribe(t *testing.T, r *reading.Reader, options ...reading.Option) *atomic.Int64 {
	delivered := new(atomic.Int64)
	go func() {
		for event, err := range r.Subscribe(t.Context(), 0, options...) {
			if err != nil {
				if !errors.Is(err, command.ErrClosed) {
					t.Error(err)
				}
				return
			}
			if n := delivered.Add(1); event.Position != n {
				t.Errorf("position %d is delivered as number %d", event.Position, n)
			}
		}
	}()
	synctest.Wait()
	return delivered
}

// newReader reads a log that the chain appends to.
func newReader(t *testing.T, config reading.Config) (*reading.Reader, reading.Owner, *deafLog, *conformance.Chain) {
	log := &deafLog{Log: memlog.New()}
	r, owner := reading.New(log, config)
	t.Cleanup(owner.Stop)
	return r, owner, log, conformance.NewChain(t, log)
}

// However many subscriptions keep up, what is new is read once.
func TestSubscriptionsReadTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, owner, log, chain := newReader(t, reading.Config{})
		var all []*atomic.Int64
		for range 10 {
			all = append(all, subscribe(t, r))
		}
		for n := range int64(5) {
			before := log.reads.Load()
			chain.Append(conformance.Events("s", 3))
			owner.Appended(chain.End().Position)
			synctest.Wait()
			if reads := log.reads.Load() - before; reads != 1 {
				t.Errorf("a commit was read %d times", reads)
			}
			for _, delivered := range all {
				if got := delivered.Load(); got != 3*(n+1) {
					t.Fatalf("%d events were delivered, want %d", got, 3*(n+1))
				}
			}
		}
	})
}

// invert is an upcast that works in place, as one that decrypts may.
func invert(e command.RecordedEvent) (command.RecordedEvent, error) {
	for _, part := range [][]byte{e.Data, e.Metadata} {
		for i := range part {
			part[i] = ^part[i]
		}
	}
	return e, nil
}

// Subscriptions that read together see neither what an upcast makes of the bytes for another one, nor what that does with its batch.
func TestSubscriptionsDoNotSeeEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, owner, log, chain := newReader(t, reading.Config{Upcast: invert})
		delivered := new(atomic.Int64)
		for range 3 {
			go func() {
				for batch := range r.SubscribeBatches(t.Context(), 0) {
					for _, event := range batch.Events {
						if string(event.Data) != "\xff\xfe" || string(event.Metadata) != "\xfd" {
							t.Errorf("read %+v", event)
						}
						delivered.Add(1)
					}
					clear(batch.Events)
				}
			}()
		}
		synctest.Wait()
		before := log.reads.Load()
		event := command.Event{Type: "Happened", Data: []byte{0, 1}, Metadata: []byte{2}}
		chain.Append(command.StreamWrite{Stream: "s", Events: []command.Event{event}})
		owner.Appended(chain.End().Position)
		synctest.Wait()
		if reads := log.reads.Load() - before; delivered.Load() != 3 || reads != 1 {
			t.Errorf("%d events were delivered after %d reads, want 3 after 1", delivered.Load(), reads)
		}
	})
}

// What nobody has told of is found by looking.
func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _, chain := newReader(t, reading.Config{PollInterval: time.Minute})
		delivered := subscribe(t, r)
		chain.Append(conformance.Events("s", 2))
		time.Sleep(time.Minute - time.Second)
		synctest.Wait()
		if got := delivered.Load(); got != 0 {
			t.Fatalf("%d events were delivered before it was time to look", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := delivered.Load(); got != 2 {
			t.Errorf("%d events were delivered, want 2", got)
		}
	})
}

// A log that is out of reach is waited for, and told of once.
func TestOutageOfALog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		r, _, log, chain := newReader(t, reading.Config{Logger: slog.New(slog.NewTextHandler(&told, nil))})
		log.out.Store(true)
		delivered := subscribe(t, r)
		chain.Append(conformance.Events("s", 2))
		time.Sleep(time.Hour)
		log.out.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := delivered.Load(); got != 2 {
			t.Errorf("%d events were delivered, want 2", got)
		}
		if lines := strings.Count(told.String(), "\n"); lines != 2 {
			t.Errorf("told of the outage and of its end:\n%s", told.String())
		}
	})
}

// An answer that never comes is not waited for, and subscriptions that share it ask again.
func TestLogThatFallsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, owner, log, chain := newReader(t, reading.Config{})
		all := []*atomic.Int64{subscribe(t, r), subscribe(t, r), subscribe(t, r)}
		log.silent.Store(true)
		chain.Append(conformance.Events("s", 2))
		owner.Appended(2)
		synctest.Wait()
		log.silent.Store(false) // for who asks from now on
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for _, delivered := range all {
			if got := delivered.Load(); got != 2 {
				t.Errorf("%d events were delivered, want 2", got)
			}
		}
	})
}

// A subscription ends at a hole.
func TestSubscriptionToADamagedLog(t *testing.T) {
	r, owner := reading.New(&barrenLog{Log: memlog.New()}, reading.Config{})
	defer owner.Stop()
	for event, err := range r.Subscribe(t.Context(), 0) {
		if !errors.Is(err, command.ErrDamaged) {
			t.Errorf("delivered %+v, %v", event, err)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
