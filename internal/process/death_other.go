//go:build unix && !linux

package process

import "syscall"

// SignalAtDeath does nothing: these systems have no signal for a parent's death.
func SignalAtDeath(*syscall.SysProcAttr, syscall.Signal) {}
