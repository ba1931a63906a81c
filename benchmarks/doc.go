// Package benchmarks measures the library as a whole on a real PostgreSQL, and what a store without group commit does on the same
// server. It holds nothing else.
//
//   - BenchmarkBaseline: ours (commands/s, p50-ms ...) and, in turn with it, one transaction per command (tx-commands/s, tx-p50-ms), one
//     INSERT per command without a check of the version (insert-commands/s), and one INSERT that checks it (statement-commands/s).
//     x-tx, x-insert and x-statement are ours as a multiple of these: the figures to compare between machines.
//   - BenchmarkClients: so many callers that each wait for an answer before they go on. commands/commit tells how many travelled together.
//   - BenchmarkBatchSize: the most that goes through at a given size of the batches.
//   - BenchmarkCeiling: ours at 4,000 clients (events/s) and, in turn with it, raw COPY of the same rows (copy-events/s); ratio is how near it comes.
//   - BenchmarkInFlight: one to four commits in flight, in turn (k2-commands/s; x2 as a multiple of one).
//   - BenchmarkProcesses: one to three busy processes on one store, in turn with one that has a store for itself. x-one is all of them as a
//     multiple of it, share-min the share of the process that got least, moved/commit the commits that came second, for each that did not.
//   - BenchmarkTrickle: one and ten processes on one store, each with 100 commands a second at random times, whether or not those before are
//     answered; latency counts from when a command was due.
//   - BenchmarkDataType: data kept as bytea (bytea-commands/s) and, in turn with it, as jsonb; x-bytea is the first as a multiple of the second.
//   - BenchmarkMemory: the heap at 4,000 clients, early and late; -memory=1m works for a minute.
//   - BenchmarkVerify: how fast a whole log is verified (events/s), here a small one; -verify=1000000 is one of a million events.
//   - BenchmarkSubmit: what a call of Submit costs its caller, with and without the JSON check. There is no database in it.
//   - BenchmarkInMemory: BenchmarkClients without a database.
//
// Axes are named for benchstat (clients=100, batch=1000). An operation is one command of one event, so ns/op is the time per command over
// all clients, and B/op and allocs/op count everything in the process: callers, library and driver. BenchmarkSubmit counts the caller's
// alone. Where contestants take turns an operation is some rounds of them, and in BenchmarkTrickle it is some seconds: per operation
// nothing is to be read there.
//
// Latencies are exact, over every command that was answered in the measured time, from the call to the answer; with several
// processes also over those that were under way when it ended, however long they took. Every commit is durable: the benchmarks fail on a
// server with fsync or synchronous_commit off. Before the measured time begins, streams are loaded, caches are warm and all clients are
// at work; none stops before it ends. The flag -streams sets the number of streams (of each process); it defaults to 20,000, and beyond
// 100,000 they outgrow the store's cache.
package benchmarks
