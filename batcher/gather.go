package batcher

import (
	"math"
	"runtime"
	"time"
)

// gatherer is the one goroutine of a Batcher, and nobody else touches its
// fields. It receives from the queue, gathers a batch and hands it over. The
// gathering batch is its own until the send on out has happened, which is the
// moment at which the consumer takes it: that one step ends its growth, begins
// its flight and starts the next batch.
type gatherer[T any] struct {
	cfg    Config
	queue  *queue[T]
	flight *flight
	out    chan<- *Batch[T] // closed by run when it returns
	peek   chan<- struct{}  // likewise

	batch    *Batch[T]   // gathering, perhaps still empty
	early    int         // items of the batch that came while others were in flight
	held     entry[T]    // received, but did not fit: begins the next batch
	holds    bool        // held is set
	timer    *time.Timer // runs while the first item of the batch lingers
	lingered bool        // the first item has lingered long enough
	drained  bool        // the queue is closed and empty
	handed   uint64      // items handed over so far
}

func newGatherer[T any](cfg Config, q *queue[T], f *flight, out chan<- *Batch[T], peek chan<- struct{}) *gatherer[T] {
	g := &gatherer[T]{cfg: cfg, queue: q, flight: f, out: out, peek: peek, timer: time.NewTimer(0)}
	g.begin(0)
	return g
}

// run returns when the queue is closed and everything in it was handed over.
func (g *gatherer[T]) run() {
	defer close(g.out)
	defer close(g.peek)
	defer g.timer.Stop()
	for {
		g.gather()
		if g.drained && len(g.batch.Items) == 0 {
			return
		}
		out, peek := g.offer()
		// After the send the batch is the consumer's: what is needed of it then
		// is read now.
		ticket, items, bytes := &g.batch.ticket, len(g.batch.Items), g.batch.Bytes
		select {
		case e, ok := <-g.arrivals():
			g.receive(e, ok)
		case out <- g.batch:
			g.handOver(ticket, items, bytes)
		case peek <- struct{}{}:
		case <-g.timer.C:
			g.lingered = true
		case <-g.flight.changed:
		}
	}
}

// patience is how often in a row the processor is handed on without bringing an item that is expected: some ten microseconds when nobody
// else wants it, a small part of what a batch takes, and time enough for another processor to wake.
const patience = 100

// gather takes what is queued, up to a share, and before a batch leaves eagerly, what is about to be. When a batch is Done its submitters
// wake, and in a closed loop each submits again: whoever runs first would leave with those that waited meanwhile and leave the others
// behind, and from then on the two halves would take turns. So the processor is handed on as long as that brings something, and with
// patience while fewer have come than were answered.
func (g *gatherer[T]) gather() {
	g.takeQueued()
	state := g.flight.state()
	if !state.idle {
		g.early = len(g.batch.Items)
		return
	}
	crowd := g.early + state.answered
	for fruitless := 0; g.ready() == Eager && (fruitless == 0 || fruitless < patience && len(g.batch.Items) < crowd); {
		gathered := len(g.batch.Items)
		runtime.Gosched()
		g.takeQueued()
		if fruitless++; len(g.batch.Items) > gathered {
			fruitless = 0
		}
	}
}

// takeQueued receives what is queued already, as far as the batch has place, until it has its share.
// Without it the select, which chooses at random among what is possible, would
// hand over batches smaller than they could be.
func (g *gatherer[T]) takeQueued() {
	for share := g.share(g.flight.state()); g.batch.Bytes < share; {
		select {
		case e, ok := <-g.arrivals():
			g.receive(e, ok)
		default:
			return
		}
	}
}

// arrivals is the queue as long as the batch has place, else nil.
func (g *gatherer[T]) arrivals() <-chan entry[T] {
	if g.drained || g.limit() != 0 {
		return nil
	}
	return g.queue.items
}

// offer is where the batch goes if it may leave now, and where somebody may learn that; else nil.
func (g *gatherer[T]) offer() (chan<- *Batch[T], chan<- struct{}) {
	reason := g.ready()
	if reason == Flush { // what is waited for was queued before, perhaps not before gather looked
		g.takeQueued()
		reason = g.ready()
	}
	if reason == 0 {
		return nil, nil
	}
	g.batch.Reason = reason
	return g.out, g.peek
}

// ready says why the batch may leave, or 0.
func (g *gatherer[T]) ready() Reason {
	if len(g.batch.Items) == 0 {
		return 0
	}
	if reason := g.limit(); reason != 0 {
		return reason
	}
	state := g.flight.state()
	switch {
	case g.drained:
		return Close
	case state.flushTo > g.handed:
		return Flush
	case state.idle && !g.cfg.NoEager:
		return Eager
	case g.batch.Bytes >= g.share(state):
		return Share
	case g.lingered:
		return Linger
	}
	return 0
}

// share is how many bytes let the batch leave while others are in flight: a part of what is outstanding, all parts alike, as many as
// can be in flight and are worth it.
func (g *gatherer[T]) share(s flightState) int {
	if g.cfg.NoEager {
		return math.MaxInt
	}
	_, queued := g.queue.used()
	outstanding := max(queued+s.bytes, 1)
	return outstanding / max(1, min(g.cfg.InFlight, outstanding/g.cfg.MinShare))
}

// limit says which limit closes the batch to further items, or 0.
func (g *gatherer[T]) limit() Reason {
	switch {
	case len(g.batch.Items) >= g.cfg.MaxItems:
		return Full
	case g.batch.Bytes >= g.cfg.MaxBytes || g.holds:
		return Bytes
	}
	return 0
}

func (g *gatherer[T]) receive(e entry[T], ok bool) {
	switch {
	case !ok:
		g.drained = true
	case len(g.batch.Items) > 0 && e.size > g.cfg.MaxBytes-g.batch.Bytes:
		g.held, g.holds = e, true
	default:
		g.add(e)
	}
}

func (g *gatherer[T]) add(e entry[T]) {
	if len(g.batch.Items) == 0 {
		g.batch.Since = e.since
		g.linger(e.since)
	}
	g.batch.Items = append(g.batch.Items, e.item)
	g.batch.Bytes += e.size
}

// linger starts the time that is left to an item that has waited since then.
func (g *gatherer[T]) linger(since time.Time) {
	left := g.cfg.Linger - time.Since(since)
	if left <= 0 {
		g.lingered = true
		return
	}
	g.timer.Reset(left)
}

// handOver follows the send of a batch.
func (g *gatherer[T]) handOver(t *ticket, items, bytes int) {
	g.handed += uint64(items)
	g.flight.depart(t, g.handed, bytes)
	g.queue.release(items, bytes)
	g.begin(items)
}

// begin starts a batch that is expected to become about as large as the last.
func (g *gatherer[T]) begin(expected int) {
	g.timer.Stop()
	g.lingered = false
	g.early = 0
	g.batch = &Batch[T]{Items: make([]T, 0, expected), ticket: ticket{flight: g.flight}}
	if g.holds {
		g.add(g.held)
		g.held, g.holds = entry[T]{}, false
	}
}
