// Package batcher gathers single items into batches: many goroutines submit, and
// a consumer takes batches from a channel when it is ready for one.
//
// It exists for work whose cost is mostly paid per batch, such as a transaction
// with its flush to disk. It owns the queue with its bounds, the order, and the
// decision when a batch leaves. It does not know what an item is or how large
// (the caller says so), what a consumer does with a batch, whether that succeeds,
// or who waits for it.
//
// # When a batch leaves
//
// A batch is ready when it is full in items or bytes, when its first item has
// waited for the linger, or eagerly, when no other batch is in flight. In flight
// means taken by the consumer and not yet Done. So a lone item leaves at once,
// and under load the batch in flight is the timer: what arrives meanwhile
// travels together as soon as that one is Done.
//
// A consumer that works on several batches at a time would then get all of a
// crowd in one, and work on one. So a batch is also ready when it has its share:
// what is queued and in flight, divided by as many as can be in flight, or by
// fewer where the parts would not be worth it.
//
// Ready does not mean gone. A batch that nobody takes goes on growing up to its
// limits. Behind a slow consumer there is one large batch, and never a queue of
// small ones.
//
// # Invariants
//
//  1. Every accepted item comes out exactly once, whatever happens, Close
//     included. An item that was refused never comes out.
//  2. The order of batches, and of items in them, is the order of acceptance.
//     Who waits for room is accepted first come, first served.
//  3. The items accepted and not handed over never exceed the queue's room, in
//     items or in bytes. What is in flight is bounded by the consumer.
//  4. No batch exceeds a limit, unless it consists of a single item.
//  5. The gathering batch has one owner at any time: first the Batcher's
//     goroutine, then the consumer. The receive from the channel is the step
//     between, and there is no state in between.
//  6. When Flush returns nil, everything accepted before its call is in batches
//     that are Done.
//
// # Outline
//
//	Submit:
//	  with the mutex of the queue locked:
//	    refuse if closed or too large
//	    stand in line if others do, or if there is no room
//	    take room and send the item on the channel of items
//	  if in line: wait for the answer, or leave when ctx ends
//
//	the Batcher's goroutine, until the queue is closed and all is handed over:
//	  move into the batch what is queued, as far as it has place
//	  if it would leave eagerly: hand on the processor, and look again, as long as
//	    more comes, and some times more while fewer came than were just answered
//	  wait for the first of:
//	    an item, if the batch has place              put it into the batch
//	    the consumer's receive, if the batch is ready
//	      with the mutex of the flight locked: enter the batch
//	      with the mutex of the queue locked: give back its room, serve the line
//	      begin a new batch
//	    somebody's receive from Peek, if it is ready
//	    the end of the linger                        the batch is ready
//	    a change: nothing in flight any more,        look again whether the
//	      or somebody flushes                          batch is ready
//
//	Done:
//	  with the mutex of the flight locked:
//	    drop the oldest batches that are Done, wake the callers of Flush
//	    if nothing is left: tell the goroutine
//
// The two mutexes are never held together. Waiters, channel and free room change
// under the one of the queue, so Close has no window: each item was sent before
// the channel was closed, or was refused.
//
// # Rejected designs
//
// A handler that is called with each batch. The Batcher would then own the
// consumer's concurrency, its panics and its shutdown, and a batch would stop
// growing when the handler is called, or when it is queued for one. With a
// channel that the consumer receives from, all this is the consumer's, and
// taking a batch is one step.
//
// A buffer in the channel of batches. It fills with small batches while the
// consumer is busy, which is when large ones are wanted.
//
// An unbounded queue. It hides that the consumer is slower than the producers,
// or gone, until memory is.
//
// The channel of items as the only bound. It cannot count bytes, and closing it
// under blocked senders needs a lock around them or a recover.
//
// Two weighted semaphores for the room, one of items and one of bytes, in front
// of the channel. Measured, they cost the same, and a third lock is needed against
// Close. Waiters that are woken together send in the order in which they happen
// to be scheduled, and one that waits for bytes sits on its item.
//
// A timer that holds an eager batch back until those just answered have
// submitted again. The runtime rounds what it sleeps up to a millisecond when it
// has nothing else to do, which is longer than most batches take. Handing on the
// processor costs a lone caller nothing and brings a crowd back into one batch.
// Doing so only as long as it brings another item left some of ten callers
// behind: those that had to wake another processor first.
//
// A slice under a mutex with a token to wake the goroutine, no channel of items.
// Measured, it saves about 40 of 120 ns per item. That is little beside what a
// submission does around it, and the price is the half of a channel that blocks,
// wakes and ends, written again.
//
// Submitters that append to the batch themselves. Then its growth and its taking
// meet under a lock, taken is a state that everybody must check, and the
// consumer cannot wait for a batch in a select.
//
// A marker in the channel of items for Flush. It needs room of its own, and it
// waits behind a batch that is full.
package batcher
