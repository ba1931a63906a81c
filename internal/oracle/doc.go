// Package oracle judges what a store has told its callers by what is in its log. It knows nothing of how a store works: it is given what was
// submitted and told, by a clock that all share, and the events of the log in order, and it tells what does not fit together.
//
//	o := oracle.New()
//	findings := o.Judge(history, events) // of a first while
//	findings = o.Judge(history, events)  // of what came next
//
// The commands are replayed in the order of the log, one at a time. Each must be whole, stand there once, and have found every stream as it
// expected it. What was told must be what stands there, and each conflict must be the one that its command had at some place of the log.
// Which places these can be follows from time: whoever was told, or has looked, before a command was submitted has seen the log end before
// it; whoever submitted, or looked, after a command was told comes behind it. The oracle asks no more than that, so what it finds is wrong.
package oracle
