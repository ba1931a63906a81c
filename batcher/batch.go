package batcher

import (
	"fmt"
	"time"
)

// A Batch is a run of items in the order in which they were accepted. From its
// hand-over on it belongs to the consumer, Items included; the Batcher keeps no
// reference to the items.
type Batch[T any] struct {
	// Items is never empty.
	Items []T

	// Bytes is the sum of the sizes given to Submit.
	Bytes int

	// Reason is why the batch could leave when it was taken.
	Reason Reason

	// Since is when Submit was called with the first item; the time from then
	// until now is the longest wait of any item in the batch.
	Since time.Time

	ticket ticket
}

// Done tells the Batcher that everything in the batch is resolved: the batch is
// no longer in flight. The consumer calls it once for every batch, from any
// goroutine and in any order; further calls do nothing. It never blocks.
func (b *Batch[T]) Done() {
	b.ticket.flight.resolve(&b.ticket)
}

// A Reason is why a batch could leave. Where several hold at the moment of the
// hand-over, the first in the order of the constants is told.
type Reason int

const (
	_ Reason = iota

	// Full: the batch has Config.MaxItems items.
	Full
	// Bytes: the batch has Config.MaxBytes bytes, or the next item did not fit.
	Bytes
	// Close: the Batcher was closed; there is nothing left to wait for.
	Close
	// Flush: a call of Flush waits for an item in the batch.
	Flush
	// Eager: no other batch was in flight.
	Eager
	// Share: the batch had its share of what is queued and in flight, see
	// Config.InFlight.
	Share
	// Linger: the first item had waited for Config.Linger.
	Linger
)

var reasons = [...]string{Full: "full", Bytes: "bytes", Close: "close", Flush: "flush", Eager: "eager", Share: "share", Linger: "linger"}

// String returns the reason in one lower-case word, fit for a metric label.
func (r Reason) String() string {
	if r < Full || r > Linger {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return reasons[r]
}
