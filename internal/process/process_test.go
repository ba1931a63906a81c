package process_test

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/groupcommit/groupcommit/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, script string) *process.Process {
	t.Helper()
	p, err := process.Start(exec.Command("sh", "-c", script))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWaitTellsHowItEnded(t *testing.T) {
	for script, want := range map[string]string{"exit 0": "", "exit 3": "exit status 3", "kill -9 $$": "signal: killed"} {
		p := start(t, script)
		got := ""
		if err := p.Wait(); err != nil {
			got = err.Error()
		}
		if got != want || p.Running() {
			t.Errorf("%s: %q, running %t", script, got, p.Running())
		}
		if err := p.End(t.Context(), syscall.SIGTERM); err != nil {
			t.Errorf("%s: to end it again: %v", script, err)
		}
	}
}

func TestEndWaitsForTheEndOrForItsContext(t *testing.T) {
	p := start(t, "exec sleep 600")
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.End(impatient, syscall.SIGCONT); !errors.Is(err, context.Canceled) || !p.Running() {
		t.Errorf("%v, running %t", err, p.Running())
	}
	if err := p.End(t.Context(), syscall.SIGKILL); err != nil || p.Running() {
		t.Errorf("%v, running %t", err, p.Running())
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	if _, err := process.Start(exec.Command("/no/such/program")); err == nil {
		t.Error("it was started")
	}
}

func TestOutput(t *testing.T) {
	out, err := process.Output(exec.Command("sh", "-c", "echo here; echo there >&2"))
	if err != nil || string(out) != "here\nthere\n" {
		t.Errorf("%q, %v", out, err)
	}
}
