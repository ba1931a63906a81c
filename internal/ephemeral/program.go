package ephemeral

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/groupcommit/groupcommit/internal/process"
)

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

// attributes put a program under the account and into a process group of its own, which an interrupt typed at the
// terminal does not reach: we may still need the server to finish. When we die it gets the signal for an immediate
// shutdown, which also frees its shared memory. Where there is no such signal, a server that is left behind ends by itself
// once a sweep has removed its directory.
func attributes(as *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	process.SignalAtDeath(attr, syscall.SIGQUIT)
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	return attr
}

// tail returns the end of a program's output, for an error text.
func tail(out []byte) string {
	const limit = 2000
	out = bytes.TrimSpace(out)
	return string(out[max(0, len(out)-limit):])
}
