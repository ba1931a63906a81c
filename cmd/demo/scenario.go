package main

import (
	"github.com/groupcommit/groupcommit/internal/workload"
)

// scenario is everything that is run on one log, and what must hold for it afterwards.
type scenario struct {
	receipts   *workload.Receipts
	preload    workload.Preload
	series     []series
	invariants []workload.Invariant // all but those of receipts, which are known at the end only
}

// series is a workload and the numbers of clients that it is run with.
type series struct {
	name      string
	title     string
	reference reference
	clients   []int
	commands  int // of each run, at most
	do        workload.Do
}

func newScenario(c *config, store workload.Store) *scenario {
	receipts := workload.NewReceipts(store)
	oneEnd, bothEnds := workload.NewBank(receipts, "", false), workload.NewBank(receipts, "", true)
	shop := workload.NewShop(receipts, "")
	hot := c.Commands * len(c.HotClients)
	preload := workload.Preload{Opening: workload.OpeningFor(2 * hot), Stock: workload.StockFor(hot)}
	return &scenario{
		receipts: receipts,
		preload:  preload,
		series: []series{
			{"W1a", "bank: deposits, withdrawals, transfers, each on one of 20 hot streams", financial, c.HotClients, c.Commands, oneEnd.Do},
			{"W1b", "bank: the same, but a transfer writes both accounts in one command", financial, c.HotClients, c.Commands, bothEnds.Do},
			{"W2", "shop: an order is a new stream and 2 to 5 of 10 hot ones, all or nothing", orders, c.HotClients, c.Commands, shop.Do},
			{"W3 100x100", "100 commands of 100 events, each to a new stream", batches, c.BatchClients, 100, workload.NewBatches(receipts, 100).Do},
			{"W3 50x200", "50 commands of 200 events, each to a new stream", batches, c.BatchClients, 50, workload.NewBatches(receipts, 200).Do},
			{"W4", "busy service: one event of 230 bytes to one of many streams, at its exact version", reference{}, c.ManyClients, c.Commands,
				workload.NewStreams(receipts, c.Streams).Do},
		},
		invariants: []workload.Invariant{
			workload.Contiguous(),
			workload.Money(preload, oneEnd, bothEnds),
			workload.Goods(preload, shop),
			workload.InPlace(),
		},
	}
}
