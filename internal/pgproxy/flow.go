package pgproxy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"
)

const (
	bufferSize = 64 << 10
	maxBody    = 16 << 10 // of a Frame
	queueSize  = 256      // parcels on their way
)

// flow is one direction of a connection. One goroutine reads frames, decides on them, and puts what is to be forwarded on the way; another
// one delivers it when it is due. The first waits for the second wherever something is to happen at a point: then all before it has been
// delivered.
type flow struct {
	conn    *Conn
	from    Side
	in      *bufio.Reader
	out     socket
	opening bool // the next frame is the packet that opens the connection
	frame   Frame
	passed  []byte // and not yet in queue
	queue   chan parcel
}

// parcel is what is on its way, about as much as was read at a time.
type parcel struct {
	due   time.Time
	bytes []byte
	done  chan struct{} // closed when it was delivered, where somebody waits for that
}

func newFlow(c *Conn, from Side, in *bufio.Reader, out socket) *flow {
	return &flow{conn: c, from: from, in: in, out: out, opening: from == Frontend, queue: make(chan parcel, queueSize)}
}

// run returns when this direction has ended, and the other side has heard of it.
func (f *flow) run() {
	var delivery sync.WaitGroup
	delivery.Go(f.deliver)
	f.end(f.forward())
	close(f.queue)
	delivery.Wait()
}

func (f *flow) deliver() {
	clock := newClock()
	defer clock.close()
	for p := range f.queue {
		clock.sleepUntil(p.due, f.conn.cut)
		if !f.conn.isCut() {
			_, _ = f.out.Write(p.bytes) // who is gone is heard of in the other direction
		}
		if p.done != nil {
			close(p.done)
		}
	}
}

// forward returns why it came to an end.
func (f *flow) forward() error {
	for !f.conn.isCut() {
		length, err := f.next()
		if err != nil {
			return err
		}
		if trap := f.conn.proxy.judge(&f.frame); trap != nil {
			err = trap.fault.befall(trap, f, length)
		} else {
			err = f.pass(length)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next waits for the beginning of the next frame, and tells how long it is.
func (f *flow) next() (length int, err error) {
	head := 5
	if f.opening {
		head = 4
	}
	b, err := f.peek(head)
	if err != nil {
		return 0, err
	}
	length = head - 4 + int(binary.BigEndian.Uint32(b[head-4:]))
	if length < head {
		return 0, errors.New("not the protocol of PostgreSQL")
	}
	if b, err = f.peek(min(length, head+maxBody)); err != nil {
		return 0, err
	}
	f.frame = Frame{Conn: f.conn, From: f.from, Body: b[head:]}
	if !f.opening {
		f.frame.Type = b[0]
	}
	f.opening = false
	return length, nil
}

// peek waits for the next n bytes, and what has passed does not wait with it.
func (f *flow) peek(n int) ([]byte, error) {
	if f.in.Buffered() < n {
		f.send()
	}
	return f.in.Peek(n)
}

// pass forwards n bytes.
func (f *flow) pass(n int) error {
	for n > 0 {
		if _, err := f.peek(1); err != nil {
			return err
		}
		b, _ := f.in.Peek(min(n, f.in.Buffered()))
		f.passed = append(f.passed, b...)
		n -= len(b)
		_, _ = f.in.Discard(len(b))
	}
	return nil
}

// send puts on its way what has passed.
func (f *flow) send() {
	if len(f.passed) > 0 {
		f.queue <- parcel{due: f.due(), bytes: f.passed}
		f.passed = nil
	}
}

// flush returns when all that has passed is delivered, and what comes now would be.
func (f *flow) flush() {
	f.send()
	done := make(chan struct{})
	f.queue <- parcel{due: f.due(), done: done}
	<-done
}

// due is when what comes now is delivered.
func (f *flow) due() time.Time { return time.Now().Add(f.conn.proxy.delay) }

// end lets the other side hear of this one's end, behind all that came before it.
func (f *flow) end(reason error) {
	if f.conn.isCut() {
		return
	}
	_ = f.pass(f.in.Buffered())
	f.flush()
	if errors.Is(reason, io.EOF) {
		_ = f.out.CloseWrite()
	} else {
		f.conn.Cut(RST)
	}
}
