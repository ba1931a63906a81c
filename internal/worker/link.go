package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// Link is one end of what connects a worker with the process that started it. One goroutine at a time may send, and one receive.
type Link struct {
	in  *bufio.Reader
	out io.Writer
}

func newLink(in io.Reader, out io.Writer) *Link {
	return &Link{in: bufio.NewReader(in), out: out}
}

// Send sends a value to the other end.
func (l *Link) Send(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = l.out.Write(append(line, '\n'))
	return err
}

// Receive waits for what the other end sends next. It must be of this type. The error is io.EOF when there is no more, also where
// the other end was killed in the middle of a line.
func (l *Link) Receive(value any) error {
	line, err := l.in.ReadBytes('\n')
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}
