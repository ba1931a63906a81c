package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// member is a writer as seen by the director, over all processes that take its place one after the other in a round. It belongs to the
// director's goroutine; one of its own takes in what the process reports.
type member struct {
	slot       int
	assignment assignment // of the process that runs
	proxy      *pgproxy.Proxy
	history    *history
	process    *worker.Process
	heard      chan error // why nothing more is heard of the process; nil after a farewell
	farewell   *farewell  // to be read after that
}

func (m *member) name() string { return fmt.Sprint("writer-", m.slot) }

// someTuning makes stores different.
func someTuning(random *rand.Rand) tuning {
	return tuning{
		InFlight:      []int{1, 2, 2, 4}[random.IntN(4)],
		BatchCommands: []int{20, 200, 1000}[random.IntN(3)],
		HeadStreams:   []int{10, 1000, 100_000}[random.IntN(3)],
		RetryFor:      []time.Duration{3, 6, 15}[random.IntN(3)] * time.Second,
	}
}

// attempt is how long a store waits for the answer to a commit.
func (t *tuning) attempt() time.Duration { return t.RetryFor / 3 }

// start starts a process.
func (m *member) start(a assignment) (err error) {
	m.assignment = a
	m.heard = make(chan error, 1)
	if m.process, err = worker.Start(writerTask); err != nil {
		return err
	}
	go func() { m.heard <- m.listen() }()
	return m.process.Send(a)
}

// stall is how long a writer may be silent. Its reader tells something several times a second unless the database is away.
const stall = 2 * time.Minute

func (m *member) listen() error {
	for {
		var r report
		ctx, cancel := context.WithTimeout(context.Background(), stall)
		err := m.process.Receive(ctx, &r)
		cancel()
		if err != nil {
			return err
		}
		m.history.add(m.slot, &r)
		if r.Farewell != nil {
			m.farewell = r.Farewell
			return nil
		}
	}
}

// kill kills the process and returns when all that it has said is heard.
func (m *member) kill() error {
	m.process.Kill()
	if err := <-m.heard; !errors.Is(err, io.EOF) {
		return err
	}
	return m.end()
}

// finishPatience is how long a writer may take to bring everything to its end: longer than any store goes on trying.
const finishPatience = 2 * time.Minute

// finish has the process bring everything to its end, and tells how many futures have no verdict then. With any, the error tells where its
// goroutines are.
func (m *member) finish() (unresolved int, err error) {
	m.proxy.Surface() // otherwise it closes connections that do not answer for a quarter of a minute
	if err := m.process.Send(instruction{Finish: true}); err != nil {
		return 0, err
	}
	late := time.AfterFunc(finishPatience, func() { m.process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	err = <-m.heard
	unresolved = m.history.untold(m.assignment.Submitter, m.assignment.Submitter+m.assignment.Clients)
	if err != nil {
		return unresolved, err
	}
	return unresolved, m.end()
}

// end releases the process, which has ended or is about to.
func (m *member) end() error {
	err := m.process.Close()
	m.process = nil
	return err
}

// dismiss leaves nothing behind.
func (m *member) dismiss() {
	m.proxy.Close()
	if m.process != nil {
		m.process.Kill()
		<-m.heard
		_ = m.end()
	}
}

// still stops the process for a while.
func (m *member) still(ctx context.Context, d time.Duration) {
	m.process.Signal(syscall.SIGSTOP)
	defer m.process.Signal(syscall.SIGCONT)
	pause(ctx, d)
}

// succession is the assignment of the process that takes the place of one that was killed.
func (m *member) succession() assignment {
	a := m.assignment
	a.Again = m.history.again(a.Submitter, a.Submitter+a.Clients)
	a.Submitter += a.Clients
	return a
}
