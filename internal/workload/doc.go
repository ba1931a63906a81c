// Package workload holds the workloads that the demo and the benchmarks run, and the business logic that they need on top of
// a store: how to read, fold, decide, append with exact versions, and try again when somebody else was faster.
//
// It is written to be read. A service of your own looks like [Bank] and [Shop]: a state with a method Evolve ([Account],
// [Stock]), rules that judge a state and give events ([Account.Pay], [Stock.Reserve]), and a decision for each kind of command. [OptimisticBank]
// and [OptimisticShop] do the same by optimistic retry, for comparison: [States] and [Execute] are what they need.
//
//	W0  Preload   20 accounts, 10 products, 10 customers
//	W1  Bank      deposits, withdrawals, transfers; one stream per command, or both sides of a transfer in one
//	W2  Shop      orders: a new stream, 2 to 5 hot ones, and one that is only guarded
//	W3  Batches   many events per command, each to a new stream
//	W4  Streams   one event per command, to one of many streams; over a single stream it is W6
//	W5  Cold      one event per command, to a stream that this process has not seen
//	W6  Hot       one event per command, all to one stream, whatever its version or by a decider
//
// [Drive] runs any of them with a number of clients. [Audit] reads the log back and tells whether every [Invariant] holds.
package workload
