// Package process runs programs that do not outlive the process that started them, however that one ends, where the
// kernel sees to it: on Linux.
package process

import (
	"context"
	"os"
	"os/exec"
	"runtime"
)

// Process is a running program. A goroutine of its own starts the program and waits for its end on one locked thread:
// Linux sends the signal of a parent's death when the thread that started the child ends, not when the process does.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed by that goroutine once the program has ended and was waited for
	err  error         // how it ended; set before done is closed
}

// Start starts cmd and returns once it runs.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer close(p.done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// Signal sends a signal, unless the program has ended.
func (p *Process) Signal(signal os.Signal) {
	_ = p.cmd.Process.Signal(signal) // fails only when it has ended already
}

// End sends the signal and waits until the program has ended, or for ctx.
func (p *Process) End(ctx context.Context, signal os.Signal) error {
	p.Signal(signal)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Wait waits for the end of the program and tells how it ended, as exec.Cmd does.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Running tells whether the program has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Output runs a short-lived program to its end, on one thread for the same reason as [Start], and returns all that it
// printed.
func Output(cmd *exec.Cmd) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.CombinedOutput()
}
