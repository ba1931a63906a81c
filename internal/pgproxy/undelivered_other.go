//go:build !linux

package pgproxy

import "net"

// undelivered is not known.
func undelivered(*net.TCPConn) int { return 0 }
