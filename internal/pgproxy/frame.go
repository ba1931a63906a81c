package pgproxy

import (
	"bytes"
	"fmt"
)

// Frame is a message of the protocol on its way.
type Frame struct {
	Conn *Conn
	From Side
	Type byte   // as in the protocol: 'Q', 'C' ...; 0 for the packet that opens a connection, which has none
	Body []byte // what follows the length; of a long frame the first 16 KiB. It is overwritten after the call.
}

// String names the frame.
func (f *Frame) String() string {
	switch {
	case f.Type != 0:
		return fmt.Sprintf("%v %c", f.From, f.Type)
	case f.Conn.Parameters == nil:
		return "cancel request"
	default:
		return "startup packet"
	}
}

// Message matches the frames from one side that are of a type, and whose body contains a text, which may be empty. See [Proxy.On].
func Message(from Side, kind byte, text string) func(*Frame) bool {
	return func(f *Frame) bool {
		return f.From == from && f.Type == kind && bytes.Contains(f.Body, []byte(text))
	}
}

// Side is where a frame comes from.
type Side int

// The sides.
const (
	Frontend Side = iota + 1 // the client
	Backend                  // the server
)

func (s Side) String() string { return [...]string{Frontend: "frontend", Backend: "backend"}[s] }
