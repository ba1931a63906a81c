// Package groupcommit is the write path of an event store on PostgreSQL. It gathers many small commands into few large
// transactions, and yet every command keeps its own optimistic-concurrency check, its own verdict and its own durable
// acknowledgement.
//
//	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: url, Migrate: true})
//	defer store.Close(context.WithoutCancel(ctx))
//
//	deposited := groupcommit.JSON("Deposited", Deposited{Amount: 100})
//	result, err := store.Submit(ctx, groupcommit.To("account-1", groupcommit.Exact(3), deposited)).Wait(ctx)
//	if conflict, ok := errors.AsType[*groupcommit.ConflictError](err); ok {
//		// the stream is at conflict.Actual, not at 3
//	}
//
// A nil error means that the command's events are committed: all of them, at contiguous positions of the log, with every
// expectation true at that very place. [ErrNotWritten] and the errors beside it say what each other verdict means.
//
// Most types here are other packages' under a short name, and go doc shows them, with their fields and methods, under the long one: commands, events and
// errors in [github.com/groupcommit/groupcommit/command], futures in [github.com/groupcommit/groupcommit/pipeline], and the methods with which a
// [Store] and a [Reader] read, ReadStream, ReadAll, Subscribe and more, as those of [github.com/groupcommit/groupcommit/reading.Reader].
package groupcommit
