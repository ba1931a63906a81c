package projection_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/projection"
)

var cuts = flag.Int("cuts", 36, "how often TestCutAtRandomMessages cuts the network")

// cut is where and how the network between a runner and its database breaks.
type cut struct {
	from   pgproxy.Side
	at     pgproxy.Point
	ending pgproxy.Ending
	number int // of the message
}

var (
	sides   = []pgproxy.Side{pgproxy.Frontend, pgproxy.Backend}
	points  = []pgproxy.Point{pgproxy.Before, pgproxy.Within, pgproxy.After}
	endings = []pgproxy.Ending{pgproxy.FIN, pgproxy.RST, pgproxy.Blackhole}
)

func (c cut) set(proxy *pgproxy.Proxy) *pgproxy.Trap {
	return proxy.On(func(f *pgproxy.Frame) bool { return f.From == c.from }, c.number, pgproxy.Cut(c.at, c.ending))
}

// cutWidth is how many cuts are made side by side. Most of them wait.
const cutWidth = 12

// The network between a runner and its database is cut at any message, with and without a word. The read model ends as if it had been built from the
// start.
func TestCutAtRandomMessages(t *testing.T) {
	f := newFixture(t)
	last := f.append(t, 5, 20)
	var tables []string
	var made atomic.Int64
	var all sync.WaitGroup
	places := make(chan struct{}, cutWidth)
	for i := range *cuts {
		c := cut{
			from:   sides[i%2],
			at:     points[i/2%3],
			ending: endings[i/6%3],
			number: 1 + rand.N(1+rand.N(150)), // more of the first ones, each of which has one purpose
		}
		table := f.table(fmt.Sprint("cut_", i))
		tables = append(tables, table)
		f.exec(t, "CREATE TABLE %s (LIKE %s INCLUDING ALL)", table, f.table("tally"))
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			happened, err := f.cutOnce(t, c, table, last)
			if err != nil {
				t.Errorf("%+v: %v", c, err)
			}
			if happened {
				made.Add(1)
			}
		})
	}
	all.Wait()
	for _, table := range tables {
		f.checkTally(t, table)
	}
	if n := int(made.Load()); n < *cuts/2 {
		t.Errorf("only %d cuts", n)
	}
}

// cutOnce builds a read model in a table while the network is cut. It tells whether there was such a message.
func (f *fixture) cutOnce(t *testing.T, c cut, table string, last int64) (happened bool, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	proxy, err := pgproxy.Start(f.URL, 0)
	if err != nil {
		return false, err
	}
	defer proxy.Close()
	pool, err := pgxpool.New(ctx, proxy.URL()+"&pool_max_conns=2")
	if err != nil {
		return false, err
	}
	defer pool.Close()
	defer proxy.Surface()
	runner, err := projection.NewRunner(ctx, f.store, projection.Config{Pool: pool, Schema: f.Schema})
	if err != nil {
		return false, err
	}
	p := tallying(table)
	p.Name, p.BatchEvents, p.Timeout, p.Attempts = table, 10, time.Second, 100
	trap := c.set(proxy)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(running, p) }()
	err = f.runner.WaitFor(ctx, p.Name, last)
	stop()
	if stopped := <-ended; err == nil {
		err = stopped
	}
	select {
	case <-trap.Hit:
		return true, err
	default:
		return false, err
	}
}
