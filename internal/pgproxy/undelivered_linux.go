package pgproxy

import (
	"net"

	"golang.org/x/sys/unix"
)

// undelivered is how many bytes the other side's kernel has not got yet.
func undelivered(conn *net.TCPConn) (n int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}
