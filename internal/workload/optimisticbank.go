package workload

import (
	"context"
	"sync/atomic"
)

// OptimisticBank executes the commands of W1 as Bank does, by optimistic retry: it reads, decides, appends at exact versions, and begins again when
// somebody else was quicker. Its methods may be called by any number of goroutines.
type OptimisticBank struct {
	store    Store
	prefix   string
	bothEnds bool
	accounts *States[Account]
	inflow   atomic.Int64
}

// NewOptimisticBank is a bank over preloaded accounts. With bothEnds a transfer writes the streams of both its accounts (W1b), else only
// the one that pays (W1a).
func NewOptimisticBank(store Store, prefix string, bothEnds bool) *OptimisticBank {
	return &OptimisticBank{store: store, prefix: prefix, bothEnds: bothEnds, accounts: NewStates[Account](store)}
}

// Do is command i of W1.
func (b *OptimisticBank) Do(ctx context.Context, i int) (Outcome, error) { return payment(ctx, b, i) }

// Deposit brings money in from outside.
func (b *OptimisticBank) Deposit(ctx context.Context, p Payment) (Outcome, error) {
	outcome, err := b.execute(ctx, p, func(ctx context.Context, attempt *Attempt) ([]Write, error) {
		to, err := b.accounts.Get(ctx, attempt, b.stream(p.To))
		if err != nil {
			return nil, err
		}
		events, err := to.State.Deposit(p)
		if err != nil {
			return nil, err
		}
		return []Write{to.Append(events...)}, nil
	})
	return b.moved(p.Amount, outcome, err)
}

// Withdraw takes money out.
func (b *OptimisticBank) Withdraw(ctx context.Context, p Payment) (Outcome, error) {
	outcome, err := b.execute(ctx, p, b.pay(p))
	return b.moved(-p.Amount, outcome, err)
}

// Transfer moves money from one account to another one.
func (b *OptimisticBank) Transfer(ctx context.Context, p Payment) (Outcome, error) {
	if !b.bothEnds {
		return b.Withdraw(ctx, p)
	}
	return b.execute(ctx, p, func(ctx context.Context, attempt *Attempt) ([]Write, error) {
		writes, err := b.pay(p)(ctx, attempt)
		if err != nil {
			return nil, err
		}
		to, err := b.accounts.Get(ctx, attempt, b.stream(p.To))
		if err != nil {
			return nil, err
		}
		events, err := to.State.Receive(p)
		if err != nil {
			return nil, err
		}
		return append(writes, to.Append(events...)), nil
	})
}

// Inflow is what came in less what went out, over all commands that succeeded: by so much the accounts hold more.
func (b *OptimisticBank) Inflow() int64 { return b.inflow.Load() }

func (b *OptimisticBank) pay(p Payment) Decide {
	return func(ctx context.Context, attempt *Attempt) ([]Write, error) {
		from, err := b.accounts.Get(ctx, attempt, b.stream(p.From))
		if err != nil {
			return nil, err
		}
		events, err := from.State.Pay(p)
		if err != nil {
			return nil, err
		}
		return []Write{from.Append(events...)}, nil
	}
}

func (b *OptimisticBank) execute(ctx context.Context, p Payment, decide Decide) (Outcome, error) {
	return Execute(ctx, b.store, p.metadata(), decide)
}

func (b *OptimisticBank) moved(amount int64, outcome Outcome, err error) (Outcome, error) {
	if err == nil {
		b.inflow.Add(amount)
	}
	return outcome, err
}

func (b *OptimisticBank) stream(account string) string { return b.prefix + "account-" + account }
