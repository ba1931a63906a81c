// Package projection builds read models from the log, in tables of PostgreSQL, and drives what else follows the log: effects elsewhere, and
// materialized views.
//
//	runner, err := projection.NewRunner(ctx, store, projection.Config{Pool: pool, Migrate: true})
//	err = runner.Run(ctx,
//		projection.Projection{Name: "balances", Apply: applyBalances},
//		projection.Handler{Name: "mails", Handle: sendMails},
//		projection.MaterializedView{Name: "revenue", View: "shop.revenue", Every: time.Minute})
//
// A [Projection] takes effect exactly once: what it writes and its checkpoint change in one transaction, which succeeds only from the checkpoint
// that it began with. A [Handler] takes effect at least once. Each runs in one process at a time; any number of processes may run the same, and
// the others wait. When that process ends, another goes on within a second; when it is stopped or cut off, after two to three times the Timeout. Should
// it wake after that, it can write nothing: the server has ended its session, and the checkpoint has moved.
//
// Nothing is skipped. When events cannot be applied they are tried again, and then, as [Options] say, the projection stops, or the very events at
// fault are parked in a table with the error, from where [Runner.Retry] takes them.
//
// A read model is rebuilt as a new version, in tables of its own, beside the live one, whose place it takes by its Swap, or by [Runner.MakeLive].
//
// The tables of this package are in the database of the read models, which need not be that of the log, in a schema of their own: one schema for each
// log. Since what a crash of the server takes back is applied again, synchronous_commit=off among the RuntimeParams of the pool is safe for a
// Projection whose read model is in the same database: it is quicker with small batches.
//
// Apply sees many events at a time, and is fast when it sends one statement for all of them: see the examples.
package projection
