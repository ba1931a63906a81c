package ephemeral_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/groupcommit/groupcommit/internal/ephemeral"
)

func TestServerDiesWithItsKilledParent(t *testing.T) {
	parent, url := startOwner(t)
	dir, pid := whereabouts(t, connect(t, url))
	ended := watch(t, pid)

	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if !ended() {
		t.Fatalf("server %d outlived its parent", pid)
	}
	_ = parent.Wait() // killed, and its lock with it

	start(t, ephemeral.Options{})
	if exists(t, dir) {
		t.Errorf("directory %s was not swept", dir)
	}
}

func TestServerOfALivingProcessIsNotSwept(t *testing.T) {
	_, url := startOwner(t)
	dir, _ := whereabouts(t, connect(t, url))
	start(t, ephemeral.Options{})
	if !exists(t, dir) {
		t.Errorf("directory %s was swept", dir)
	}
	connect(t, url)
}

// startOwner runs this test binary as a process with a server of its own, until the test ends.
func startOwner(t *testing.T) (owner *exec.Cmd, url string) {
	t.Helper()
	owner = exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1")
	stdin, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = owner.Wait() // the test may have killed it
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(line)
	if !strings.HasPrefix(url, "postgres://") {
		t.Fatal(url)
	}
	return owner, url
}

// watch returns a function that waits for the end of a process that is not our child, for half a minute at most.
func watch(t *testing.T, pid int) (ended func() bool) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return func() bool {
		const timeoutMillis = 30_000
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, timeoutMillis)
			if err == unix.EINTR {
				continue
			}
			return err == nil && n == 1
		}
	}
}
