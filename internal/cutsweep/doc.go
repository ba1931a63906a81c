// Package cutsweep cuts the connections of a store at every message of the protocol that a batch takes, one cut at a time, and compares what
// the futures say with what is in the database.
//
// A cut is a side, the number of a message from that side, a point of it, and an ending. The messages are counted over all connections of the
// store, from the submission on, so that looks and turns are swept together with the commit. A sweep goes on to the next number until a batch
// has no such message.
package cutsweep
