package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// installWithApt installs Debian's server of the major version (0: the distribution's own). Like every installation of
// that package it may also start the distribution's default cluster.
func installWithApt(ctx context.Context, major int, logf func(string, ...any)) error {
	if os.Geteuid() != 0 {
		return errors.New("only root can install one with apt-get")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return err
	}
	pkg := "postgresql"
	if major != 0 {
		pkg += "-" + strconv.Itoa(major)
	}
	logf("installing %s with apt-get", pkg)
	// Without fresh lists the installation may still succeed, and says best what is missing.
	updateErr := aptGet(ctx, "update")
	if err := aptGet(ctx, "install", "--yes", "--no-install-recommends", pkg); err != nil {
		return errors.Join(updateErr, err)
	}
	return nil
}

// aptGet waits for others that use apt. When ctx ends it interrupts the program, which then leaves its database whole.
func aptGet(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet", "--option=DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s: %w: %s", args[0], err, tail(out))
	}
	return nil
}
