package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit/internal/workload"
)

// mix is all workloads at once on one log, and what must hold for it.
type mix struct {
	receipts *workload.Receipts
	preload  workload.Preload
	bank     *workload.Bank
	shop     *workload.Shop
	parts    []part
	pending  atomic.Int64 // commands that have no answer yet
}

// part is a workload and how many of a hundred commands are its own.
type part struct {
	share int
	do    workload.Do
	begun *atomic.Int64
}

// plenty is what nobody spends: here no business rule has a reason to refuse.
const plenty = 1_000_000_000_000

func newMix(store workload.Store, streams int) *mix {
	m := &mix{receipts: workload.NewReceipts(store), preload: workload.Preload{Opening: plenty, Stock: plenty}}
	m.bank, m.shop = workload.NewBank(m.receipts, "", true), workload.NewShop(m.receipts, "")
	m.add(70, workload.NewStreams(m.receipts, streams).Do)
	m.add(15, m.bank.Do)
	m.add(14, m.shop.Do)
	m.add(1, workload.NewBatches(m.receipts, 100).Do)
	return m
}

func (m *mix) add(share int, do workload.Do) {
	m.parts = append(m.parts, part{share, do, new(atomic.Int64)})
}

// do is any command, the next one of its workload.
func (m *mix) do(ctx context.Context, _ int) (workload.Outcome, error) {
	m.pending.Add(1)
	defer m.pending.Add(-1)
	p := m.pick(rand.IntN(100))
	return p.do(ctx, int(p.begun.Add(1)-1))
}

func (m *mix) pick(n int) *part {
	i := 0
	for ; n >= m.parts[i].share; i++ {
		n -= m.parts[i].share
	}
	return &m.parts[i]
}

// patience is how long a command may go without an answer after the load has ended: more than a store tries it again.
const patience = 2 * time.Minute

// drive keeps so many clients busy for a while, and then lets them finish. It fails when they do not.
func (m *mix) drive(ctx context.Context, clients int, d time.Duration) (workload.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	finished := make(chan workload.Result, 1)
	go func() { finished <- workload.Drive(ctx, workload.Load{Clients: clients}, m.do) }()
	late := time.NewTimer(d + patience)
	defer late.Stop()
	select {
	case result := <-finished:
		return result, nil
	case <-late.C:
		return workload.Result{}, fmt.Errorf("%d commands have had no answer for %s", m.pending.Load(), patience)
	}
}

func (m *mix) invariants() []workload.Invariant {
	return []workload.Invariant{
		workload.Contiguous(),
		m.receipts.Kept(),
		workload.Money(m.preload, m.bank),
		workload.Goods(m.preload, m.shop),
		workload.InPlace(),
	}
}
