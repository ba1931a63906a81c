package pgproxy

import (
	"net"
	"time"
)

// Ending is how both sides of a connection hear of its end, or do not.
type Ending int

// The endings.
const (
	FIN       Ending = iota + 1 // as if the other side had closed it. What still comes is read and forgotten.
	RST                         // as if the other side did not know it
	Blackhole                   // nothing is read or forwarded any more, not even an end

	closed // by Close
)

func (e Ending) String() string {
	return [...]string{FIN: "FIN", RST: "RST", Blackhole: "blackhole", closed: "closed"}[e]
}

// reach lets a side hear of it, and makes who reads or writes here return.
func (e Ending) reach(s socket) {
	switch e {
	case FIN:
		_ = s.CloseWrite()
		_ = s.SetDeadline(past)
	case RST:
		reset(s)
	case Blackhole:
		_ = s.SetDeadline(past)
	case closed:
		_ = s.Close()
	}
}

var past = time.Unix(1, 0)

// resetTimeout is how long a reset waits for a side that does not read.
const resetTimeout = time.Second

// reset closes with RST where there is such a thing. The kernel would drop what it has not delivered yet, so that has to arrive first.
func reset(s socket) {
	if tcp, ok := s.(*net.TCPConn); ok {
		for began := time.Now(); undelivered(tcp) > 0 && time.Since(began) < resetTimeout; {
			time.Sleep(time.Millisecond)
		}
		_ = tcp.SetLinger(0)
	}
	_ = s.Close()
}
