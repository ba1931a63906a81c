package groupcommit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/ephemeral"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// PostgreSQL is killed again and again under the load of two stores, and comes back. Nothing that was acknowledged may be missing, nothing
// may be there twice, no future may stay open, and work goes on by itself.
func TestServerKilledUnderLoad(t *testing.T) {
	server := pgtest.Server(t)
	stores := make([]*groupcommit.Store, 2)
	for i := range stores {
		stores[i] = openPostgres(t, groupcommit.Config{DatabaseURL: server.URL(), Schema: "events"})
	}
	writers := make([]*crashWriter, 20)
	for i := range writers {
		writers[i] = &crashWriter{store: stores[i%len(stores)], stream: fmt.Sprint("stream-", i)}
	}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for _, w := range writers {
		wg.Go(func() { w.run(ctx) })
	}
	for _, kill := range []func(*ephemeral.Server) error{crash, killPostmaster, crash, terminateBackends, terminateBackends} {
		awaitProgress(t, writers)
		if err := kill(server); err != nil {
			t.Fatal(err)
		}
	}
	awaitProgress(t, writers)
	stop()
	wg.Wait()
	for _, w := range writers {
		w.check(t)
	}
	sound(t, stores[0])
}

func crash(s *ephemeral.Server) error {
	return errors.Join(s.Crash(context.Background()), s.Start(context.Background()))
}

func killPostmaster(s *ephemeral.Server) error {
	return errors.Join(s.Kill(context.Background()), s.Start(context.Background()))
}

func terminateBackends(s *ephemeral.Server) error {
	return pgtest.ExecAt(s.URL(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
}

// crashWriter appends numbered events to a stream of its own, each with an ID, and submits again what was not written or is
// unknown.
type crashWriter struct {
	store  *groupcommit.Store
	stream string
	acked  []groupcommit.Result
	count  atomic.Int64 // len(acked)
	failed error
}

type numbered struct{ N int }

func (w *crashWriter) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := len(w.acked)
		cmd := groupcommit.To(w.stream, groupcommit.Exact(int64(n)), groupcommit.JSON("Numbered", numbered{n}))
		cmd.ID = uuid.New()
		result, err := w.persist(cmd)
		if err != nil {
			w.failed = fmt.Errorf("command %d: %w", n, err)
			return
		}
		w.acked = append(w.acked, result)
		w.count.Add(1)
	}
}

func (w *crashWriter) persist(cmd groupcommit.Command) (groupcommit.Result, error) {
	for {
		result, err := w.store.Append(context.Background(), cmd)
		if errors.Is(err, groupcommit.ErrNotWritten) || errors.Is(err, groupcommit.ErrOutcomeUnknown) {
			continue
		}
		return result, err
	}
}

func (w *crashWriter) check(t *testing.T) {
	t.Helper()
	if w.failed != nil {
		t.Errorf("%s: %v", w.stream, w.failed)
	}
	n := 0
	for event, err := range w.store.ReadStream(t.Context(), w.stream) {
		if err != nil {
			t.Fatal(err)
		}
		var data numbered
		if err := json.Unmarshal(event.Data, &data); err != nil {
			t.Fatal(err)
		}
		if n >= len(w.acked) || data.N != n || event.Position != w.acked[n].First || !event.RecordedAt.Equal(w.acked[n].CommittedAt) {
			t.Fatalf("%s: event %d is number %d at position %d, which nobody acknowledged", w.stream, n, data.N, event.Position)
		}
		n++
	}
	if n != len(w.acked) {
		t.Errorf("%s: %d events, %d were acknowledged", w.stream, n, len(w.acked))
	}
}

// awaitProgress returns when every writer has had a few more commands acknowledged.
func awaitProgress(t *testing.T, writers []*crashWriter) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, w := range writers {
		for want := w.count.Load() + 5; w.count.Load() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s makes no progress: %v", w.stream, w.failed)
			}
		}
	}
}
