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
//	Commit(entries):
//	    until every entry has its verdict:
//	        view  = versions from the heads; what they lack, from one Look at the log
//	        plan  = judge the entries in order on the view           (judge.go)
//	        Append(plan.commit), when there is anything to append     (committer.go)
//	        committed:    the heads take over the view, all verdicts are told
//	        in doubt:     append the same again until it is certain   (settle.go)
//	        log moved:    look, judge again
//	        row refused:  that entry is out, judge the others again   (failures.go)
//	        transient:    wait, judge again, for RetryFor at most     (outage.go)
//
// # Invariants
//
//   - No verdict is told before it is final. A conflict may rest on a command of the same batch, so it is told with the
//     commit, and after the log was read where the batch appends nothing.
//   - Heads change in two ways: by a commit that is known to have succeeded, and by a Look.
//   - A commit ID stands for one content at one place. Whatever is judged anew gets a new one.
//   - While a commit is in doubt nothing else is appended or told.
//   - The bytes of an entry are never written to after it was filled: a lost attempt may still be reading them.
//
// One commit is in flight at a time. The parts are cut for more: a plan holds everything that belongs to its commit, heads change
// only when it has succeeded, and a view can be laid over another one as well as over the heads.
package committer
