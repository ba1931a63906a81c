package decider_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/decider"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/pipeline"
)

// shelf is a committer.SnapshotStore that has nothing, and says where the log ends.
type shelf struct {
	end   committer.Point
	err   error
	saved chan committer.StateSnapshot
}

func (s *shelf) FindState(_ context.Context, key committer.SnapshotKey) (committer.StateSnapshot, error) {
	return committer.StateSnapshot{SnapshotKey: key, End: s.end}, s.err
}

func (s *shelf) SaveState(ctx context.Context, state committer.StateSnapshot) error {
	select {
	case s.saved <- state:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// counting is a decider whose state is the number of events.
func counting(options ...decider.Option[int]) *decider.Decider[int] {
	return decider.New(func(n int, _ groupcommit.RecordedEvent) (int, error) { return n + 1, nil }, options...)
}

// openWith starts a process that keeps snapshots in s, on a log whose stream "s" has so many events.
func openWith(t *testing.T, s committer.SnapshotStore, events int) *pipeline.Pipeline {
	return openOn(t, s, events, nil)
}

// openOn is openWith, for who listens to what is logged.
func openOn(t *testing.T, s committer.SnapshotStore, events int, logger *slog.Logger) *pipeline.Pipeline {
	t.Helper()
	log := memlog.New()
	p := process(log, log, committer.Config{Snapshots: s, Logger: logger})
	for range events {
		if _, err := p.Submit(t.Context(), command.To("s", command.Any, command.Event{Type: "Happened", Data: []byte(`0`)})).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func count(t *testing.T, p *pipeline.Pipeline, d *decider.Decider[int]) (n int) {
	t.Helper()
	at := d.At("s")
	if _, err := decider.Submit(t.Context(), p, func(d *decider.Decision) error { n = at.State(d); return nil }, at).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

// What is saved ends where the log ended before it was read: what was read behind that may be lost by now, and nobody would know.
func TestSnapshotEndsWithTheLog(t *testing.T) {
	s := &shelf{end: committer.Point{Position: 7}, saved: make(chan committer.StateSnapshot)}
	p := openWith(t, s, 10)
	defer closing(t, p)
	if n := count(t, p, counting(decider.Snapshots[int]("counter", 3, 5))); n != 10 {
		t.Errorf("the state is %d", n)
	}
	saved := <-s.saved
	if saved.Version != 7 || string(saved.State) != "7" || saved.End != s.end {
		t.Errorf("saved %+v", saved)
	}
	if want := (committer.SnapshotKey{Stream: "s", Decider: "counter", DeciderVersion: 3}); saved.SnapshotKey != want {
		t.Errorf("saved %+v, want %+v", saved.SnapshotKey, want)
	}
}

// Whatever goes wrong with a snapshot, decisions see the state.
func TestSnapshotTrouble(t *testing.T) {
	failed := errors.New("failed")
	panicking := decider.Codec(func(int) ([]byte, error) { panic("encode") }, func([]byte) (int, error) { panic("decode") })
	failing := decider.Codec(func(int) ([]byte, error) { return nil, failed }, func([]byte) (int, error) { return 0, failed })
	large := decider.Codec(func(int) ([]byte, error) { return make([]byte, 17<<20), nil }, func(data []byte) (n int, err error) { return n, json.Unmarshal(data, &n) })
	for name, test := range map[string]struct {
		err   error
		codec decider.Option[int]
	}{
		"cannot be read":   {failed, failing},
		"cannot be made":   {nil, failing},
		"panics":           {nil, panicking},
		"is too large":     {nil, large},
		"is not permitted": {&command.SchemaError{Problem: command.SchemaPrivileges}, failing},
		"is away":          {command.ErrUnavailable, failing},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{end: committer.Point{Position: 10}, err: test.err, saved: make(chan committer.StateSnapshot, 100)}
			p := openWith(t, s, 10)
			if n := count(t, p, counting(decider.Snapshots[int]("counter", 1, 1), test.codec)); n != 10 {
				t.Errorf("the state is %d", n)
			}
			closing(t, p)
			if len(s.saved) > 0 {
				t.Errorf("saved %+v", <-s.saved)
			}
		})
	}
}

// hanging is a shelf that does not answer who asks for a snapshot.
type hanging struct{ shelf }

func (h *hanging) FindState(ctx context.Context, key committer.SnapshotKey) (committer.StateSnapshot, error) {
	<-ctx.Done()
	return committer.StateSnapshot{SnapshotKey: key}, ctx.Err()
}

// A snapshot that does not come is not waited for: the stream is read from its beginning.
func TestSnapshotThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openWith(t, &hanging{}, 10)
		defer closing(t, p)
		began := time.Now()
		if n := count(t, p, counting(decider.Snapshots[int]("counter", 1, 1))); n != 10 || time.Since(began) > time.Minute {
			t.Errorf("the state is %d, after %v", n, time.Since(began))
		}
	})
}
