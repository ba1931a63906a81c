package worker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/groupcommit/groupcommit/internal/process"
)

// closeTimeout is how long a worker may take to end: longer than a store that cannot reach its database.
const closeTimeout = 90 * time.Second

// Process is a worker as seen by the process that started it. Kill and Signal may be called by any goroutine; for the rest it is as with Link.
type Process struct {
	name    string
	program *process.Process
	input   *os.File // of the worker
	output  *os.File
	link    *Link
	stderr  head // to be read when the program has ended
	killed  atomic.Bool
}

// Start starts a worker for the task of this name. The caller closes it.
func Start(name string) (*Process, error) {
	p := &Process{name: name}
	if err := p.start(); err != nil {
		return nil, fmt.Errorf("worker %s: %w", name, err)
	}
	return p, nil
}

func (p *Process) start() error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	stdin, input, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	output, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(err, input.Close())
	}
	defer stdout.Close()
	cmd := exec.Command(executable)
	cmd.Env = append(os.Environ(), variable+"="+p.name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	process.SignalAtDeath(cmd.SysProcAttr, syscall.SIGKILL)
	if p.program, err = process.Start(cmd); err != nil {
		return errors.Join(err, input.Close(), output.Close())
	}
	p.input, p.output, p.link = input, output, newLink(output, input)
	return nil
}

// Send sends a value to the worker.
func (p *Process) Send(value any) error {
	err := p.link.Send(value)
	if errors.Is(err, syscall.EPIPE) {
		return p.ended(err)
	}
	return err
}

// Receive waits for what the worker sends next. Where it has ended instead, the error wraps io.EOF and tells how it ended and what it
// printed to stderr. When ctx ends first, the worker is made to print where its goroutines are, and to end.
func (p *Process) Receive(ctx context.Context, value any) error {
	defer p.dumpAtEnd(ctx)()
	err := p.link.Receive(value)
	if !errors.Is(err, io.EOF) {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return p.ended(err)
}

// Signal sends a signal to the worker.
func (p *Process) Signal(signal os.Signal) { p.program.Signal(signal) }

// Kill ends the worker at once. What it has sent can still be received.
func (p *Process) Kill() {
	p.killed.Store(true)
	p.program.Signal(syscall.SIGKILL)
}

// Close ends the worker's input and returns when it has ended, with an error where it has failed. To be killed is not to fail. What was not
// received is lost.
func (p *Process) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	defer p.dumpAtEnd(ctx)()
	_ = p.input.Close()
	_, _ = io.Copy(io.Discard, p.output) // it could not end while it has something to say
	_ = p.output.Close()
	if p.program.Wait() == nil || p.killed.Load() {
		return nil
	}
	return p.ended(cmp.Or(context.Cause(ctx), errFailed))
}

var errFailed = errors.New("it has failed")

// dumpAtEnd has the worker print where its goroutines are, and end, when ctx ends before the function that it returns is called.
func (p *Process) dumpAtEnd(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { p.program.Signal(syscall.SIGQUIT) })
}

// ended waits for the end of the worker and tells how it ended, beside what that has caused.
func (p *Process) ended(err error) error {
	how := p.program.Wait()
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("worker %s: %w: %w: %s", p.name, err, how, bytes.TrimSpace(p.stderr.kept))
}

// head keeps the beginning of what is written to it: of a panic the part that says why, of a dump some thousand goroutines.
type head struct{ kept []byte }

const headBytes = 4 << 20

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), headBytes-len(h.kept))]...)
	return len(p), nil
}
