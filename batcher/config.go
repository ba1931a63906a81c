package batcher

import (
	"cmp"
	"math"
	"time"
)

// Config sets the limits of a batch, the rules by which it leaves, and the room
// for what waits. The zero Config is usable. In every field zero means the
// default and a negative value means off, unless it says otherwise.
type Config struct {
	// MaxItems closes a batch at this many items. Defaults to 1,000. A value
	// above QueueItems is cut to it.
	MaxItems int

	// MaxBytes closes a batch at this many bytes, as given to Submit. An item
	// that does not fit into what is left begins the next batch. An item larger
	// than MaxBytes is a batch of its own. Defaults to 8 MiB. A value above
	// QueueBytes is cut to it.
	MaxBytes int

	// Linger is how long the first item of a batch waits for company, counted
	// from its call of Submit: what it waited in the queue is not waited twice.
	// Defaults to 10 ms. Negative does not wait at all: a batch is ready as soon
	// as it has one item.
	Linger time.Duration

	// InFlight is how many batches the consumer works on at a time. Defaults to
	// 1. A batch is also ready, whatever is in flight, when it has its share of
	// the bytes that are queued and in flight: of InFlight equal parts, or fewer
	// where each would have less than MinShare.
	InFlight int

	// MinShare is how many bytes are worth a batch beside others. Defaults to
	// 32 KiB. There is no off: with an InFlight of 1 nothing is shared.
	MinShare int

	// NoEager turns off the eager rule, by which a batch is also ready as soon
	// as no other batch is in flight, and the rule of shares. Together with a
	// negative Linger nothing ever gathers: every item is a batch of its own.
	NoEager bool

	// QueueItems is how many items have room between Submit and the hand-over of
	// their batch, the gathering batch included. Defaults to 16,384. There is no
	// off: the queue is allocated at once, and New panics if it is negative.
	QueueItems int

	// QueueBytes is how many bytes have room, likewise. No single item may be
	// larger. It should be a few times MaxBytes: an item without room waits until
	// the gathering batch leaves. Defaults to 64 MiB.
	QueueBytes int
}

// DefaultQueueBytes is the default of Config.QueueBytes.
const DefaultQueueBytes = 64 << 20

func (c Config) withDefaults() Config {
	if c.QueueItems < 0 {
		panic("batcher: negative Config.QueueItems")
	}
	c.QueueItems = limit(c.QueueItems, 16_384)
	c.QueueBytes = limit(c.QueueBytes, DefaultQueueBytes)
	// The gathering batch holds its room, so beyond the queue it cannot grow.
	c.MaxItems = min(limit(c.MaxItems, 1_000), c.QueueItems)
	c.MaxBytes = min(limit(c.MaxBytes, 8<<20), c.QueueBytes)
	c.InFlight = max(c.InFlight, 1)
	c.MinShare = max(cmp.Or(c.MinShare, 32<<10), 1)
	c.Linger = cmp.Or(c.Linger, 10*time.Millisecond)
	if c.NoEager && c.Linger < 0 {
		c.MaxItems = 1
	}
	return c
}

func limit(n, byDefault int) int {
	if n < 0 {
		return math.MaxInt
	}
	return cmp.Or(n, byDefault)
}
