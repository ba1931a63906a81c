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
	if m.process, err = worker.Start(writerTask); err != nil {
		return err
	}
	if err := m.process.Send(a); err != nil {
		return err
	}
	m.heard = make(chan error, 1)
	go func() { m.heard <- m.listen() }()
	return nil
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
	return m.process.Close()
}

// finish returns when the process has brought everything to its end.
func (m *member) finish() error {
	if err := m.process.Send(instruction{Finish: true}); err != nil {
		return err
	}
	if err := <-m.heard; err != nil {
		return err
	}
	return m.process.Close()
}

// still stops the process for a while.
func (m *member) still(ctx context.Context, d time.Duration) {
	m.process.Signal(syscall.SIGSTOP)
	defer m.process.Signal(syscall.SIGCONT)
	pause(ctx, d)
}

// succession is the assignment of the process that takes the place of one that was killed.
func (m *member) succession(submitter int) assignment {
	a := m.assignment
	a.Again = m.history.again(a.Submitter, a.Submitter+a.Clients)
	a.Submitter = submitter
	return a
}
