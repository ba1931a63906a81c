package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/worker"
)

// writerTask is what a process does that writes.
const writerTask = "write"

// writer is a process with a store of its own, and clients that submit commands to it.
type writer struct {
	assignment
	script  *script
	store   atomic.Pointer[groupcommit.Store]
	commits atomic.Int64

	mu     sync.Mutex // guards link
	link   *worker.Link
	broken error
}

// write is the worker's side.
func write(ctx context.Context, link *worker.Link) error {
	before := goleak.IgnoreCurrent()
	w := &writer{link: link}
	if err := link.Receive(&w.assignment); err != nil {
		return err
	}
	w.script = &script{seed: w.Seed}
	if err := w.open(ctx); err != nil {
		return err
	}
	if err := w.work(ctx); err != nil {
		return err
	}
	if err := w.store.Load().Close(context.Background()); err != nil {
		w.report(report{Oddities: []string{"closing: " + err.Error()}})
	}
	w.report(report{Farewell: &farewell{Commits: w.commits.Load(), Leak: leak(before)}})
	return w.broken
}

// leakPatience is how long goroutines may go on after Close: the pool goes on to close connections that do not answer.
const leakPatience = 30 * time.Second

// leak tells of goroutines that do not end.
func leak(before goleak.Option) string {
	for began := time.Now(); ; {
		err := goleak.Find(before)
		switch {
		case err == nil:
			return ""
		case time.Since(began) > leakPatience:
			return err.Error()
		}
	}
}

// work lets the clients go on until it is told to finish.
func (w *writer) work(ctx context.Context) error {
	var clients, reader sync.WaitGroup
	working, finish := context.WithCancel(ctx)
	defer finish()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	for i := range w.Clients {
		c := newClient(w, i)
		clients.Go(func() { c.run(working) })
	}
	reader.Go(func() { w.read(reading) })
	if err := w.obey(ctx); err != nil {
		return err
	}
	finish()
	clients.Wait()
	stop()
	reader.Wait()
	return nil
}

// obey does what it is told until it is told to finish.
func (w *writer) obey(ctx context.Context) error {
	for {
		var i instruction
		if err := w.link.Receive(&i); errors.Is(err, io.EOF) {
			return context.Canceled
		} else if err != nil {
			return err
		}
		if i.Reopen {
			if err := w.reopen(ctx); err != nil {
				return err
			}
		}
		if i.Finish {
			return nil
		}
	}
}

// closePatience is how long a store that is closed under load may go on with what it has.
const closePatience = 2 * time.Second

func (w *writer) reopen(ctx context.Context) error {
	patient, cancel := context.WithTimeout(ctx, closePatience)
	defer cancel()
	_ = w.store.Load().Close(patient) // it may not have been able to write everything
	return w.open(ctx)
}

// open opens the store, as soon as the server lets it.
func (w *writer) open(ctx context.Context) error {
	for {
		store, err := groupcommit.Open(ctx, groupcommit.Config{
			DatabaseURL:     w.URL,
			Schema:          w.Schema,
			ApplicationName: w.Name,
			InFlight:        w.Tuning.InFlight,
			BatchCommands:   w.Tuning.BatchCommands,
			HeadStreams:     w.Tuning.HeadStreams,
			RetryFor:        w.Tuning.RetryFor,
			MinConnections:  1,
			MaxConnections:  3,
			Hooks:           w.hooks(),
		})
		if err == nil {
			w.store.Store(store)
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return err
		}
	}
}

func (w *writer) hooks() groupcommit.Hooks {
	return groupcommit.Hooks{
		Committed: func(groupcommit.CommitInfo) { w.commits.Add(1) },
		Settled:   func(s groupcommit.Settlement) { w.report(report{Settled: string(s)}) },
	}
}

// report sends something. When the director is gone, this process is about to end.
func (w *writer) report(r report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken == nil {
		w.broken = w.link.Send(r)
	}
}

// pause tells whether the time has passed without ctx ending.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
