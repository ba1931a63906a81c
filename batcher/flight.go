package batcher

import (
	"context"
	"slices"
	"sync"
)

// flight knows the batches in flight, handed over and not Done, and up to which
// item everything is resolved. Items are named by their sequence numbers, which
// count acceptances from 1.
//
// It is shared by the gatherer, the consumer's calls of Done and the callers of
// Flush, and outlives the gatherer: after the last hand-over only Done moves it.
// mu guards the fields below it. changed holds a token when the gatherer should
// look at its state again; nobody closes it.
type flight struct {
	changed chan struct{} // of capacity 1

	mu       sync.Mutex
	tickets  []*ticket     // handed over; the first is not resolved
	bytes    int           // in batches that are handed over and not Done
	answered int           // items that were resolved since the last batch was handed over
	resolved uint64        // this item and all before it are in batches that are Done
	flushTo  uint64        // somebody waits for this item and all before it
	advanced chan struct{} // closed when resolved grows; nil while nobody waits
}

// A ticket is a batch as flight sees it.
type ticket struct {
	flight *flight
	last   uint64 // the last item of the batch; set at hand-over
	bytes  int    // of the batch; likewise
	done   bool
}

func newFlight() *flight {
	return &flight{changed: make(chan struct{}, 1)}
}

// depart enters a batch that was handed over. The consumer may have been faster
// and have resolved it already.
func (f *flight) depart(t *ticket, last uint64, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t.last = last
	f.answered = 0
	if !t.done {
		t.bytes = bytes
		f.bytes += bytes
	}
	f.tickets = append(f.tickets, t)
	f.advance()
}

// resolve marks a batch as Done.
func (f *flight) resolve(t *ticket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t.done = true
	f.bytes -= t.bytes
	t.bytes = 0
	f.advance()
	f.signal()
}

// advance drops what is resolved from the front. The caller holds mu.
func (f *flight) advance() {
	n := 0
	for n < len(f.tickets) && f.tickets[n].done {
		f.answered += int(f.tickets[n].last - f.resolved)
		f.resolved = f.tickets[n].last
		n++
	}
	if n == 0 {
		return
	}
	f.tickets = slices.Delete(f.tickets, 0, n)
	if f.advanced != nil {
		close(f.advanced)
		f.advanced = nil
	}
}

// flightState is what the gatherer wants to know.
type flightState struct {
	idle     bool   // nothing is in flight
	bytes    int    // in flight
	answered int    // items that were resolved since the last batch was handed over
	flushTo  uint64 // somebody waits in Flush for this item and all before it
}

func (f *flight) state() flightState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return flightState{idle: len(f.tickets) == 0, bytes: f.bytes, answered: f.answered, flushTo: f.flushTo}
}

// flush asks for all items up to the given one and waits until they are
// resolved. If they are, that counts more than a context that has ended.
func (f *flight) flush(ctx context.Context, upTo uint64) error {
	for {
		advanced := f.await(upTo)
		if advanced == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		select {
		case <-advanced:
		case <-ctx.Done():
		}
	}
}

// await returns what to wait for until the given item may be resolved, or nil
// if it is.
func (f *flight) await(upTo uint64) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.resolved >= upTo {
		return nil
	}
	if f.flushTo < upTo {
		f.flushTo = upTo
		f.signal()
	}
	if f.advanced == nil {
		f.advanced = make(chan struct{})
	}
	return f.advanced
}

// signal makes the gatherer look again. One token is enough for any number of
// changes: it looks after it has taken the token.
func (f *flight) signal() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}
