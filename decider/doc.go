// Package decider decides what a command appends at the very place in the log where it is appended.
//
// A Decider folds the events of a stream to a state. Submit hands in a function that decides on the states of one stream or several: it appends
// events, or nothing, or refuses with an error of its own. It is called when it is the command's turn, on the states as all commands before it leave
// them, committed or in the same batch. So it cannot conflict: a thousand decisions on one account are decided one after
// the other, in memory, and share one commit.
//
//	accounts := decider.New(evolve)                                      // once, for all accounts
//	from, to := accounts.At("account-1"), accounts.At("account-2")
//	future := decider.Submit(ctx, store, func(d *decider.Decision) error {
//		if from.State(d).Balance < amount {
//			return ErrInsufficientFunds                                  // reaches the future as it is
//		}
//		from.Append(d, withdrawn)
//		to.Append(d, deposited)
//		return nil
//	}, from, to)
//
// The function runs in the goroutine through which every command goes. It must be pure and quick: no I/O, no lock that is held for long, no
// clock that matters. It may be called again, when a batch has failed, a stream has moved or one has still to be looked up, and only what it does the
// last time counts. Where that does not do, Execute decides in the caller's goroutine, and again after a conflict.
package decider
