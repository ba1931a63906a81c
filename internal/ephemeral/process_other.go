//go:build unix && !linux

package ephemeral

import "syscall"

// attributes put a program under the account and into a process group of its own, which an interrupt typed at the
// terminal does not reach: we may still need the server to finish. These systems have no signal for a parent's death; a
// server left behind ends by itself once a sweep has removed its directory.
func attributes(as *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	return attr
}
