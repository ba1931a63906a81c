package ephemeral

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// process is a running server. A goroutine of its own starts the program and waits for its end on one locked thread:
// Linux sends the signal of a parent's death when the thread that started the child ends, not when the process does.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed by that goroutine once the program has ended and was waited for
}

// launch starts cmd and returns once it runs.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer close(p.done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a server ended is in its log
		}
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// end sends the signal and waits until the program has ended, or for ctx.
func (p *process) end(ctx context.Context, signal os.Signal) error {
	_ = p.cmd.Process.Signal(signal) // fails only when it has ended already
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// command prepares a program of PostgreSQL to run in dir, in an environment without the settings of PostgreSQL clients.
// Once ctx ends it is killed.
func command(ctx context.Context, as *account, dir, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "PG") })
	cmd.Env = append(cmd.Env, "HOME="+dir, "LC_ALL=C")
	cmd.SysProcAttr = attributes(as)
	return cmd
}

// output runs a short-lived program, on one thread for the same reason as [launch].
func output(cmd *exec.Cmd) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.CombinedOutput()
}

// tail returns the end of a program's output, for an error text.
func tail(out []byte) string {
	const limit = 2000
	out = bytes.TrimSpace(out)
	return string(out[max(0, len(out)-limit):])
}
