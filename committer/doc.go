// Package committer judges batches of commands and appends them to a log, many commands in one commit, each with a verdict of its
// own. It is the middle of groupcommit and holds its whole logic of correctness; a log is seen through the small
// interface Log only, and callers through Receiver.
//
// # The chain
//
// A commit names the commit that it follows, and a log accepts one commit behind each. So a batch is judged against the log as it
// ends with a given commit, and can take effect only right there. From this it follows without any lock or read-back that
//
//   - what is cached about the streams (heads) is true as long as our own commits follow one another;
//   - a batch that was judged on something outdated cannot commit: the log has moved, and it is judged again;
//   - an attempt whose answer was lost can be repeated as it is: one of the two takes effect, never both.
//
// # The way of a batch
//
//	Begin(entries), when the committer is Ready:
//	    view  = versions as they will be behind everything in flight; what is lacking, from one Look at the log    (view.go)
//	    plan  = judge the entries in order on the view                                                            (judge.go)
//	    launch: a goroutine sends plan.commit, waits for the commit before it, and answers                        (chain.go)
//	Handle(answer), oldest flight first:
//	    committed:  the heads take over the view, all verdicts are told
//	    failed:     the chain is broken: nothing is launched, every flight behind it rolls back and answers;
//	                then each of their batches is brought to its end alone, in order, before anything new begins
//
//	A batch alone:
//	    until every entry has its verdict:
//	        view, plan as above, on the heads; Append(plan.commit), when there is anything to append
//	        in doubt:     append the same again until it is certain   (settle.go)
//	        log moved:    look, judge again                           (failures.go)
//	        row refused:  that entry is out, judge the others again   (failures.go)
//	        transient:    wait, judge again, for RetryFor at most     (outage.go)
//	        commits lost: stop; or forget all, look, judge again      (failures.go)
//
// # Several commits in flight
//
// While a commit is being flushed the next one is already judged on its outcome and copied; its COMMIT is sent when the one
// before it is known to have committed. Three rules keep this from locking up where no database can see it, because one edge of the circle
// is a client that waits:
//
//   - A commit is launched only when the one before it owns its place in the log (Link.Owned).
//   - When a commit fails, every one behind it has ended, and nothing of it is left in the database, before anything is sent again
//     (Handle waits for all answers, and Append cleans up before it answers).
//   - No unique key is twice in flight: streams and command IDs are judged against what is in flight as well as in the batch.
//
// What goes wrong is dealt with when nothing else is in flight. It is rare, and the one place where all the rules about failures
// stand then needs none about neighbours.
//
// # Turns
//
// With Turns, processes that append to one log do so one after the other (turns.go):
//
//	Waiting, and there is a batch:  Prepare; a goroutine takes the turn, and with it a look at the log
//	Ready:                          as above, with the heads brought to where the log ends
//	somebody waits, or no work:     nothing more begins; when nothing is in flight the turn is passed on
//	lost:                           what is in flight goes on, the chain decides; then as at first
//
// # Invariants
//
//   - No verdict is told before it is final. A conflict may rest on a command of the same batch or of one in flight, so it is told
//     with the commit, and after the log was read where nothing is written. A success that is found on record is told once the log says that
//     it is durable (Sync).
//   - Heads change in two ways: by a commit that is known to have succeeded, and by a look while nothing is in flight.
//   - A commit ID stands for one content at one place. Whatever is judged anew gets a new one.
//   - While a commit is in doubt nothing else is appended or told.
//   - The bytes of an entry are never written to after it was filled: a lost attempt may still be reading them.
package committer
