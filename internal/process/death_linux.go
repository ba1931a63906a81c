package process

import "syscall"

// SignalAtDeath has the kernel send the signal to the program when the process that starts it has died.
func SignalAtDeath(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
