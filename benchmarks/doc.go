// Package benchmarks measures the library as a whole on a real PostgreSQL, and what a store without group commit does on the same
// server. It holds nothing else.
//
//   - BenchmarkBaseline: ours (commands/s, p50-ms ...) and, in turn with it, one transaction per command (tx-commands/s, tx-p50-ms ...), one
//     INSERT per command without a check of the version (insert-commands/s), and one INSERT that checks it (statement-commands/s).
//     x-tx, x-insert and x-statement are ours as a multiple of these: the figures to compare between machines. x-tx-best, at 4,000
//     clients, is against one transaction per command with as many clients as suit it best.
//   - BenchmarkWorkload: bank, shop, batches, many streams, cold ones, a hot one (w=financial, orders, batches, streams, cold, hot), as package
//     internal/workload describes them; the log is checked afterwards. refused counts commands to which a business rule said no, which
//     are in no rate. Bank and shop decide.
//   - BenchmarkDecider: deciders (commands/s, p95-ms, attempts/command) and, in turn with them, optimistic retry (retry-commands/s ...), on a bank, a shop and
//     one stream for all (w=financial, orders, hot); x-retry is the multiple of its rate. x-streams is the hot stream as a multiple of many
//     streams at exact versions.
//   - BenchmarkStates: what a state that is kept takes (B/stream); -states=1000000 keeps those of a million streams.
//   - BenchmarkClients: so many callers that each wait for an answer before they go on. commands/commit tells how many travelled together.
//   - BenchmarkBatchSize: the most that goes through at a given size of the batches.
//   - BenchmarkCeiling: ours at 4,000 clients (events/s) and, in turn with it, raw COPY of the same rows (copy-events/s); ratio is how near it comes.
//     cores=apart keeps the server to one half of the cores and clients and store to the other, as if each had a machine of its own.
//   - BenchmarkCold: streams that the store has not seen (cold-commands/s) in turn with streams that it knows (warm-commands/s); ratio is the
//     first as a part of the second.
//   - BenchmarkColdLoad: a decision on a stream of 100,000 events that is not in memory (snapshot=true, false); -coldlength=10000 is a shorter one. An operation
//     is one such decision.
//   - BenchmarkInFlight: k commits in flight, in turn with one; x-one is the multiple of its rate.
//   - BenchmarkLinger: the rules by which a batch leaves, in turn with the default; x-default is the multiple of its rate.
//   - BenchmarkPayload: events of 100 to 10,000 bytes, kept as jsonb or as bytea, in turn with jsonb; x-jsonb is the multiple of its rate.
//   - BenchmarkStoreSize: a log that is large already, in turn with an empty one; ratio is the multiple of its rate. -storesize=10000000 goes
//     up to ten million events and takes minutes.
//   - BenchmarkSettings: a server with one setting of PostgreSQL, in turn with one that has none, for a log of -storesize events; x-default is the multiple
//     of its rate, wal-B/event what goes to the write-ahead log. It starts fourteen servers, and takes minutes.
//   - BenchmarkProcesses: n busy processes on one store, in turn with one that has a store for itself; x-one is all of them as a multiple of
//     it, share-min the share of the process that got least, moved/commit the commits that came second, for each that did not.
//   - BenchmarkTrickle: one and ten processes on one store, each with 100 commands a second at random times, whether or not those before are
//     answered; latency counts from when a command was due.
//   - BenchmarkRoundTrip: ours (commands/s, p50-ms ...) and, in turn with it, one transaction per command of up to 100 clients (tx-commands/s, x-tx), over a
//     network whose round trip is 1 or 5 ms; rtt=0 is without one. rtt-ms is the round trip as measured.
//   - BenchmarkMemory: the heap at 4,000 clients, early and late; -memory=1m works for a minute.
//   - BenchmarkTelemetry: a store whose metrics are read and whose targets are judged every second, in turn with one that counts nothing
//     (Config.NoStats); x-off is the multiple of its rate.
//   - BenchmarkVerify: how fast a whole log is verified (events/s), here a small one; -verify=1000000 is one of a million events.
//   - BenchmarkReadStream: streams of 10, 1,000 and 100,000 events, read whole, one of many each time.
//   - BenchmarkReadAll: the whole log, decoded (events/s), in turn with COPY of the same rows to nowhere (copy-events/s, the faster of text and
//     binary); ratio is the first as a part of the second. -read=1000000 reads a million events.
//   - BenchmarkReadMemory: the heap early and late in such a read.
//   - BenchmarkSubscribe: from the answer to a command to the delivery of its event (p50-ms, p99-ms), to a subscriber of the same process (from=here)
//     and of another one (from=elsewhere); and how fast a subscriber goes through a log that is there (catch-up).
//   - BenchmarkProjection: a read model of one row per stream is built from the start of the log (events/s), each event an upsert, in batches of 1 to
//     1,000 events, each of one statement and one transaction.
//   - BenchmarkWriteWhileReading: a store with subscribers in the process, in turn with one that has none; x-alone is the multiple of its rate,
//     behind how far the slowest subscriber was behind in the end.
//   - BenchmarkSubmit: what a call of Submit costs its caller, with and without the JSON check. There is no database in it.
//   - BenchmarkInMemory: BenchmarkClients without a database.
//
// Axes are named for benchstat (clients=100, batch=1000). An operation is one command, of one event but in BenchmarkWorkload, so ns/op is
// the time per command over all clients, and B/op and allocs/op count everything in the process: callers, library and driver.
// BenchmarkSubmit counts the caller's alone. Where contestants work in turn, an operation is five rounds, in each of which every contestant has
// a turn of a third of a second, and in BenchmarkTrickle and BenchmarkMemory some seconds: per operation nothing is to be read there, and
// -benchtime, which adds whole operations, is not how long they take. A setting that is compared with itself, as k=1 is, shows the noise.
//
// Latencies are exact, over every command that was answered in the measured time, from the call to the answer, all attempts included.
// Where most commands are tried again and again, those are the lucky ones. With several processes those count as well that were under
// way when the time ended, however long they took. Every commit is durable: the benchmarks fail on a server with fsync or
// synchronous_commit off. Before the measured time begins, streams are loaded, caches are warm but where cold streams are the point, and
// all clients are at work; none stops before it ends. The flag -streams sets the number of streams (in BenchmarkProcesses of each
// process); it defaults to 20,000, and beyond 100,000 they outgrow the store's cache.
package benchmarks
