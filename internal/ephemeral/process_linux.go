package ephemeral

import "syscall"

// attributes put a program under the account and into a process group of its own, which an interrupt typed at the
// terminal does not reach: we may still need the server to finish. When we die it gets the signal for an immediate
// shutdown, which also frees its shared memory.
func attributes(as *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGQUIT}
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	return attr
}
