package projection_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/worker"
	"github.com/groupcommit/groupcommit/projection"
)

var kills = flag.Int("kills", 8, "how often TestKilledAtRandomPoints kills the process")

const projectTask = "run a projection"

// order tells a process what to project, and how.
type order struct {
	place
	Timeout time.Duration
}

// word is what a process tells: from which position on it is about to commit, or that it has failed.
type word struct {
	Position int64
	Failure  string
}

// project keeps a tally in small batches, and tells of each that is about to commit, and of what has failed.
func project(ctx context.Context, link *worker.Link) error {
	var o order
	if err := link.Receive(&o); err != nil {
		return err
	}
	store, pool, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer store.Close(context.WithoutCancel(ctx))
	failed := listenTo(func(message string) { _ = link.Send(word{Failure: message}) })
	runner, err := projection.NewRunner(ctx, store, projection.Config{Pool: pool, Schema: o.Schema, Logger: failed})
	if err != nil {
		return err
	}
	p := tallying(o.table("tally"))
	apply := p.Apply
	p.BatchEvents, p.Timeout = 10, o.Timeout
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		if err := apply(ctx, tx, events); err != nil {
			return err
		}
		return link.Send(word{Position: events[0].Position})
	}
	return runner.Run(ctx, p)
}

func startProject(t *testing.T, o order) *worker.Process {
	t.Helper()
	process, err := worker.Start(projectTask)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Kill()
		_ = process.Close()
	})
	if err := process.Send(o); err != nil {
		t.Fatal(err)
	}
	return process
}

// batch waits for a process to be about to commit, and tells of which position on.
func batch(t *testing.T, process *worker.Process) (position int64) {
	t.Helper()
	return hear(t, process, func(w word) bool { return w.Position > 0 }).Position
}

// hear waits for a process to say something.
func hear(t *testing.T, process *worker.Process, is func(word) bool) (w word) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !is(w) {
		w = word{}
		if err := process.Receive(ctx, &w); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// A process is killed again and again, somewhere in a batch, while another one waits to go on in its place and writes go on. The read
// model ends as if it had been built from the start.
func TestKilledAtRandomPoints(t *testing.T) {
	f := newFixture(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			f.append(t, 10, 3)
			time.Sleep(2 * time.Millisecond) // a trickle: the log shall not outgrow the readers
		}
	})
	o := order{place: f.place}
	running := startProject(t, o)
	for range *kills {
		batch(t, running) // it has the turn: the next one waits
		next := startProject(t, o)
		for range rand.N(5) {
			batch(t, running)
		}
		time.Sleep(rand.N(3 * time.Millisecond)) // anywhere from here on
		running.Kill()
		running = next
	}
	batch(t, running)
	stop()
	wg.Wait()
	go func() { // it must not wait for somebody to listen
		for w := (word{}); running.Receive(t.Context(), &w) == nil; {
		}
	}()
	f.waitFor(t, "tally", f.append(t, 1, 1))
	f.checkTally(t, f.table("tally"))
	running.Kill()
}

// A process is stopped (SIGSTOP) within a batch. Another one takes over, and the first, woken, writes nothing of what it had begun.
func TestStoppedHolderIsReplacedAndFenced(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 3, 30)
	first := startProject(t, order{f.place, time.Second})
	batch(t, first)
	first.Signal(syscall.SIGSTOP)
	p := tallying(f.table("tally"))
	p.Timeout = time.Second
	f.run(t, p)
	f.waitFor(t, "tally", last)
	f.checkTally(t, f.table("tally"))
	first.Signal(syscall.SIGCONT)
	hear(t, first, func(w word) bool { return w.Failure != "" })
	f.waitFor(t, "tally", f.append(t, 3, 30))
	f.checkTally(t, f.table("tally"))
}

// Of two runners of one name one works, and the other one when the first ends.
func TestTwoProcessesOfOneName(t *testing.T) {
	f := newFixture(t)
	first := startProject(t, order{place: f.place})
	f.append(t, 1, 1)
	batch(t, first)
	var calls int
	p := tallying(f.table("tally"))
	apply := p.Apply
	p.Apply = func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
		calls++
		return apply(ctx, tx, events)
	}
	stop := f.run(t, p)
	f.waitFor(t, "tally", f.append(t, 1, 5))
	if err := stop(); err != nil || calls > 0 {
		t.Errorf("the second one had %d batches, %v", calls, err)
	}
	f.run(t, p)
	first.Kill()
	f.waitFor(t, "tally", f.append(t, 1, 5))
	f.checkTally(t, f.table("tally"))
}
