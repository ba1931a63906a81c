package pg_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/pg"
)

// network is what connections go through. Once it is lost, what was open is never forwarded again, in either direction, as behind a
// firewall that has forgotten it: not even its end is heard of. While it is away, no connection can be opened.
type network struct {
	mu    sync.Mutex
	away  bool
	limit int           // bytes of the next long message that still get through, before the network is lost; 0: all
	held  chan struct{} // keeps the most of every long message on its way until it is closed; nil: nothing does
	open  []*networkConn
	all   []*networkConn
}

// throughNetwork opens a store behind a network of its own.
func throughNetwork(t *testing.T, schema string) (*pg.Store, *network) {
	t.Helper()
	pool, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	n := &network{}
	pool.ConnConfig.DialFunc = n.dial
	store, err := pg.Open(t.Context(), pg.Config{Pool: pool, Schema: schema, Migrate: true, LockTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.end()
		store.Close()
	})
	return store, n
}

func (n *network) dial(ctx context.Context, protocol, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return nil, errors.New("no route to host")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, protocol, address)
	if err != nil {
		return nil, err
	}
	c := &networkConn{Conn: conn, network: n, lost: make(chan struct{}), closed: make(chan struct{}), moved: make(chan struct{})}
	n.open, n.all = append(n.open, c), append(n.all, c)
	return c, nil
}

// lose ends the forwarding of everything that is open. With away, nothing new can be opened until come.
func (n *network) lose(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = away
	for _, c := range n.open {
		close(c.lost)
	}
	n.open = nil
}

// loseAfter loses the network, and keeps it away, so many bytes into the next message that is longer.
func (n *network) loseAfter(limit int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.limit = limit
}

// hold keeps the most of every long message on its way, in the buffers of a network that is slow, or was cut, until it is released.
func (n *network) hold() (release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = make(chan struct{})
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		close(n.held)
		n.held = nil
	}
}

func (n *network) come() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = false
}

// end makes both sides hear of the end of every connection.
func (n *network) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.all {
		_ = c.Close()
		_ = c.Conn.Close()
	}
}

// passes is how much of a message gets through.
func (n *network) passes(message []byte) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.limit == 0 || len(message) <= n.limit {
		return len(message)
	}
	limit := n.limit
	n.limit = 0
	return limit
}

func (n *network) holding() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.held
}

// networkConn is a connection through a network. mu guards deadline and moved.
type networkConn struct {
	net.Conn
	network *network
	lost    chan struct{} // closed by the network
	closed  chan struct{} // closed by Close
	closing sync.Once

	mu       sync.Mutex
	deadline time.Time
	moved    chan struct{} // closed when deadline changes
}

const longMessage = 50_000

func (c *networkConn) Write(b []byte) (int, error) {
	if c.isLost() {
		return 0, c.hang()
	}
	if held := c.network.holding(); held != nil && len(b) > longMessage {
		return c.writeHeld(b, held)
	}
	n := c.network.passes(b)
	written, err := c.Conn.Write(b[:n])
	if n < len(b) {
		c.network.lose(true)
		return written, c.hang()
	}
	return written, err
}

// writeHeld forwards some rows of a COPY, and the others once they are released. Who writes does not notice.
func (c *networkConn) writeHeld(b []byte, held <-chan struct{}) (int, error) {
	n, err := c.Conn.Write(b[:longMessage/2])
	if err != nil {
		return n, err
	}
	rest := bytes.Clone(b[n:])
	go func() {
		select {
		case <-held:
			_, _ = c.Conn.Write(rest) // the connection may be lost: that shows when it is read from
		case <-c.closed:
		}
	}()
	return len(b), nil
}

func (c *networkConn) Read(b []byte) (int, error) {
	if c.isLost() {
		return 0, c.hang()
	}
	n, err := c.Conn.Read(b)
	if c.isLost() {
		return 0, c.hang()
	}
	return n, err
}

func (c *networkConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	if c.isLost() {
		return nil
	}
	return c.Conn.Close()
}

func (c *networkConn) SetDeadline(deadline time.Time) error {
	c.mu.Lock()
	c.deadline = deadline
	close(c.moved)
	c.moved = make(chan struct{})
	c.mu.Unlock()
	return c.Conn.SetDeadline(deadline)
}

func (c *networkConn) SetReadDeadline(deadline time.Time) error  { return c.SetDeadline(deadline) }
func (c *networkConn) SetWriteDeadline(deadline time.Time) error { return c.SetDeadline(deadline) }

func (c *networkConn) isLost() bool {
	select {
	case <-c.lost:
		return true
	default:
		return false
	}
}

// hang waits as a read or write does that is never answered: for the deadline, or the end of the connection.
func (c *networkConn) hang() error {
	for {
		c.mu.Lock()
		deadline, moved := c.deadline, c.moved
		c.mu.Unlock()
		var passed <-chan time.Time
		if !deadline.IsZero() {
			passed = time.After(time.Until(deadline))
		}
		select {
		case <-passed:
			return os.ErrDeadlineExceeded
		case <-c.closed:
			return net.ErrClosed
		case <-moved:
		}
	}
}
