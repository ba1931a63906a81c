package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// A process is stopped (SIGSTOP) in the middle of a COPY: it has the turn, and holds a place in the log. Another one takes over. The first,
// woken, tells of every command what is so, and goes on beside the other.
func TestProcessStoppedInCopy(t *testing.T) {
	for name, before := range map[string]int32{"first commit": 0, "commit behind another": 1} {
		t.Run(name, func(t *testing.T) {
			schema := pgtest.Schema(t)
			store := openPostgres(t, groupcommit.Config{Schema: schema})
			process := startStopping(t, stopOrder{URL: pgtest.URL(t), Schema: schema, Before: before})
			verdicts := appendMany(t.Context(), store, "meanwhile")

			var wg sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					verdicts = append(verdicts, appendMany(t.Context(), store, fmt.Sprint("beside-", i))...)
				}
			})
			process.Signal(syscall.SIGCONT)
			var stopped, woken []verdict
			receive(t, process, &stopped)
			receive(t, process, &woken)
			stop()
			wg.Wait()
			checkVerdicts(t, store, slices.Concat(verdicts, stopped, woken))
		})
	}
}

// startStopping starts a process and returns when it has begun to write, and is about to stop itself.
func startStopping(t *testing.T, order stopOrder) *worker.Process {
	t.Helper()
	process, err := worker.Start(stopTask)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			process.Kill() // it may be stopped
		}
		if err := process.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := process.Send(order); err != nil {
		t.Fatal(err)
	}
	var stopping bool
	receive(t, process, &stopping)
	return process
}

func receive(t *testing.T, process *worker.Process, value any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := process.Receive(ctx, value); err != nil {
		t.Fatal(err)
	}
}

// verdict is what became of the first event of a stream.
type verdict struct {
	Stream   string
	Position int64
	Err      string
}

// appendMany creates many streams at once, in commits that take a COPY each.
func appendMany(ctx context.Context, store *groupcommit.Store, prefix string) []verdict {
	const streams = 300
	futures := make([]*groupcommit.Future, streams)
	verdicts := make([]verdict, streams)
	for i := range futures {
		verdicts[i].Stream = fmt.Sprint(prefix, "-", i)
		event := groupcommit.JSON("Happened", strings.Repeat("x", 1000))
		futures[i] = store.Submit(ctx, groupcommit.To(verdicts[i].Stream, groupcommit.NoStream, event))
	}
	for i, future := range futures {
		result, err := future.Wait(ctx)
		verdicts[i].Position = result.First
		if err != nil {
			verdicts[i].Err = err.Error()
		}
	}
	return verdicts
}

// checkVerdicts checks that every command succeeded, and that the log holds just that.
func checkVerdicts(t *testing.T, store *groupcommit.Store, verdicts []verdict) {
	t.Helper()
	events := readAll(t, store)
	for _, v := range verdicts {
		switch {
		case v.Err != "":
			t.Errorf("%s: %s", v.Stream, v.Err)
		case v.Position > int64(len(events)) || events[v.Position-1].Stream != v.Stream:
			t.Errorf("%s is not at position %d", v.Stream, v.Position)
		}
	}
	if len(events) != len(verdicts) {
		t.Errorf("%d events for %d commands", len(events), len(verdicts))
	}
}

// The rest runs in the process that is stopped.

const stopTask = "stop in the middle of a COPY"

// stopOrder tells a process where to write, and in which of its COPYs to stop.
type stopOrder struct {
	URL, Schema string
	Before      int32 // COPYs that get through
}

// stopInCopy writes twice, and sends what became of it. The first time it is stopped.
func stopInCopy(ctx context.Context, link *worker.Link) error {
	var order stopOrder
	if err := link.Receive(&order); err != nil {
		return err
	}
	pool, err := pgxpool.ParseConfig(order.URL)
	if err != nil {
		return err
	}
	s := &stopper{link: link, woken: make(chan os.Signal, 1)}
	s.before.Store(order.Before)
	signal.Notify(s.woken, syscall.SIGCONT)
	pool.ConnConfig.DialFunc = s.dial
	store, err := groupcommit.Open(ctx, patient(groupcommit.Config{Pool: pool, Schema: order.Schema, BatchCommands: 100}))
	if err != nil {
		return err
	}
	for _, prefix := range []string{"stopped", "woken"} {
		if err := link.Send(appendMany(ctx, store, prefix)); err != nil {
			return err
		}
	}
	return store.Close(ctx)
}

// stopper stops the process in the middle of a COPY.
type stopper struct {
	link   *worker.Link // hears of it; nobody else sends meanwhile
	before atomic.Int32 // COPYs that still get through
	woken  chan os.Signal
}

func (s *stopper) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &stoppingConn{conn, s}, err
}

type stoppingConn struct {
	net.Conn
	stopper *stopper
}

func (c *stoppingConn) Write(b []byte) (int, error) {
	const isCopy = 50_000 // bytes
	if len(b) < isCopy || c.stopper.before.Add(-1) != -1 {
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:len(b)/2])
	if err != nil {
		return n, err
	}
	if err := errors.Join(c.stopper.link.Send(true), syscall.Kill(os.Getpid(), syscall.SIGSTOP)); err != nil {
		return n, err
	}
	<-c.stopper.woken
	rest, err := c.Conn.Write(b[n:])
	return n + rest, err
}
