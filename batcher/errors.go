package batcher

import "errors"

// The states in which an item is not accepted. An item that was refused never
// appears in a batch.
var (
	// ErrClosed means that Close was called, before the submission or while it
	// waited for room.
	ErrClosed = errors.New("batcher: closed")

	// ErrFull means that there is no room now, or that others wait for it.
	ErrFull = errors.New("batcher: queue is full")

	// ErrTooLarge means that the item is larger than the whole queue
	// (Config.QueueBytes), so that waiting would not help.
	ErrTooLarge = errors.New("batcher: item is larger than the queue")
)
