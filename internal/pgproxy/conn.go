package pgproxy

import (
	"bufio"
	"io"
	"net"
	"sync"
	"time"
)

// Conn is a connection through the proxy.
type Conn struct {
	Number     int               // in the order of the startup packets, from 1; 0 for a request to cancel
	Parameters map[string]string // of the startup packet: user, application_name ...; nil for a request to cancel

	proxy  *Proxy
	client socket
	cut    chan struct{} // closed when nothing is forwarded any more

	mu     sync.Mutex // guards all below
	server socket     // nil until the startup packet has come
	ending Ending     // 0 until cut is closed
}

// socket is a *net.TCPConn or a *net.UnixConn.
type socket interface {
	net.Conn
	CloseWrite() error
}

// Cut ends the forwarding. Where it has ended before, that ending stays.
func (c *Conn) Cut(ending Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != 0 {
		return
	}
	c.ending = ending
	close(c.cut)
	for _, s := range c.sockets() {
		ending.reach(s)
	}
}

func (c *Conn) isCut() bool {
	select {
	case <-c.cut:
		return true
	default:
		return false
	}
}

// sockets that are there. The caller holds mu.
func (c *Conn) sockets() []socket {
	if c.server == nil {
		return []socket{c.client}
	}
	return []socket{c.client, c.server}
}

// run forwards until both sides have ended, and then does what the ending asks for.
func (c *Conn) run() {
	in := bufio.NewReaderSize(c.client, bufferSize)
	if c.start(in) {
		var both sync.WaitGroup
		both.Go(newFlow(c, Frontend, in, c.server).run)
		both.Go(newFlow(c, Backend, bufio.NewReaderSize(c.server, bufferSize), c.client).run)
		both.Wait()
	}
	c.mu.Lock()
	ending, sockets := c.ending, c.sockets()
	c.mu.Unlock()
	switch ending {
	case FIN:
		drain(sockets)
	case Blackhole:
		<-c.proxy.life.Done()
	}
	for _, s := range sockets {
		_ = s.Close()
	}
}

// start connects to the server when the client has sent its startup packet, which stays in the reader.
func (c *Conn) start(in *bufio.Reader) (ok bool) {
	parameters, err := readStartup(in, c.client)
	if err != nil {
		return false
	}
	server, err := c.proxy.server.dial(c.proxy.life)
	if err != nil {
		c.Cut(RST)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != 0 {
		_ = server.Close()
		return false
	}
	c.server = server
	if parameters != nil {
		c.Parameters = parameters
		c.proxy.number(c)
	}
	return true
}

// drain reads until the other sides have closed. Data that nobody reads would make a reset of what is to be an orderly end.
func drain(sockets []socket) {
	var all sync.WaitGroup
	for _, s := range sockets {
		all.Go(func() {
			_ = s.SetDeadline(time.Time{})
			_, _ = io.Copy(io.Discard, s)
		})
	}
	all.Wait()
}

// abandon closes the sockets, whatever has happened to them before.
func (c *Conn) abandon() {
	c.Cut(closed)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets() {
		_ = s.Close()
	}
}
