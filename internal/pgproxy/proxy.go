package pgproxy

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// Proxy listens on 127.0.0.1 and forwards to a server. Its methods may be called by any goroutine.
type Proxy struct {
	url      string
	server   address
	delay    time.Duration // of one direction
	listener *net.TCPListener
	life     context.Context // ends with Close
	end      context.CancelFunc
	running  sync.WaitGroup // all goroutines

	mu     sync.Mutex // guards all below, and is held while frames are matched
	conns  map[*Conn]bool
	opened int    // connections so far that have a number
	away   Ending // what new connections meet; 0: the server
	traps  []*Trap
}

// New starts a proxy to the server that a connection string leads to, with so long a round trip. It is closed when the test ends.
func New(tb testing.TB, url string, roundTrip time.Duration) *Proxy {
	tb.Helper()
	p, err := Start(url, roundTrip)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// Start is New without a test. The caller closes the proxy.
func Start(url string, roundTrip time.Duration) (*Proxy, error) {
	server, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		url:      redirect(url, listener.Addr().(*net.TCPAddr)),
		server:   server,
		delay:    roundTrip / 2,
		listener: listener,
		conns:    map[*Conn]bool{},
	}
	p.life, p.end = context.WithCancel(context.Background())
	p.running.Go(p.accept)
	return p, nil
}

// URL is the connection string of the server, by way of the proxy.
func (p *Proxy) URL() string { return p.url }

// Conns are the connections that are open, in the order of their numbers.
func (p *Proxy) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	var conns []*Conn
	for c := range p.conns {
		if c.Number > 0 {
			conns = append(conns, c)
		}
	}
	slices.SortFunc(conns, func(a, b *Conn) int { return cmp.Compare(a.Number, b.Number) })
	return conns
}

// Cut ends the forwarding on all connections that are open.
func (p *Proxy) Cut(ending Ending) {
	for _, c := range p.all() {
		c.Cut(ending)
	}
}

// Surface lets both sides of every connection that is in a black hole hear that it has ended.
func (p *Proxy) Surface() {
	for _, c := range p.all() {
		if c.isCut() {
			c.abandon()
		}
	}
}

// Away lets every new connection end like this before it begins, until Back. With RST it is as if nobody listened. Those that are open
// stay.
func (p *Proxy) Away(ending Ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = ending
}

// Back lets new connections through again.
func (p *Proxy) Back() { p.Away(0) }

// Close closes all connections and returns when nothing is left of the proxy. It may be called again.
func (p *Proxy) Close() {
	p.end()
	_ = p.listener.Close()
	for _, c := range p.all() {
		c.abandon()
	}
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.AcceptTCP()
		if err != nil {
			return // closed
		}
		_ = client.SetReadBuffer(bufferSize) // no more than that is lost in a blackhole before who sends hangs
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client socket) {
	c := &Conn{proxy: p, client: client, cut: make(chan struct{})}
	p.mu.Lock()
	p.conns[c] = true
	away := p.away
	p.mu.Unlock()
	if p.life.Err() != nil { // Close may not have seen it
		c.abandon()
	}
	if away != 0 {
		c.Cut(away)
	}
	c.run()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// number makes a connection one of Conns.
func (p *Proxy) number(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened++
	c.Number = p.opened
}

// all connections, those without a number included.
func (p *Proxy) all() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := make([]*Conn, 0, len(p.conns))
	for c := range p.conns {
		conns = append(conns, c)
	}
	return conns
}
