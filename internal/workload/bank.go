package workload

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/groupcommit/groupcommit"
)

// Bank executes the commands of W1. Its methods may be called by any number of goroutines.
type Bank struct {
	store    Store
	prefix   string
	bothEnds bool
	accounts *States[Account]
	inflow   atomic.Int64
}

// NewBank is a bank over preloaded accounts. With bothEnds a transfer writes the streams of both its accounts (W1b), else only
// the one that pays (W1a).
func NewBank(store Store, prefix string, bothEnds bool) *Bank {
	return &Bank{store: store, prefix: prefix, bothEnds: bothEnds, accounts: NewStates[Account](store)}
}

// Do is command i of W1.
func (b *Bank) Do(ctx context.Context, i int) (Outcome, error) {
	here, next := accountName(i%Accounts), accountName((i+1)%Accounts)
	payment := Payment{ID: fmt.Sprintf("transaction-%d", i), Amount: 100 + int64(i%900)}
	switch i % 3 {
	case 0:
		payment.From, payment.To = External, here
		return b.Deposit(ctx, payment)
	case 1:
		payment.From, payment.To = here, External
		return b.Withdraw(ctx, payment)
	default:
		payment.From, payment.To = here, next
		return b.Transfer(ctx, payment)
	}
}

// Deposit brings money in from outside.
func (b *Bank) Deposit(ctx context.Context, p Payment) (Outcome, error) {
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
func (b *Bank) Withdraw(ctx context.Context, p Payment) (Outcome, error) {
	outcome, err := b.execute(ctx, p, b.pay(p))
	return b.moved(-p.Amount, outcome, err)
}

// Transfer moves money from one account to another one.
func (b *Bank) Transfer(ctx context.Context, p Payment) (Outcome, error) {
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
func (b *Bank) Inflow() int64 { return b.inflow.Load() }

func (b *Bank) pay(p Payment) Decide {
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

func (b *Bank) execute(ctx context.Context, p Payment, decide Decide) (Outcome, error) {
	user := p.From
	if user == External {
		user = p.To
	}
	return Execute(ctx, b.store, metadata(p.ID, user), decide)
}

func (b *Bank) moved(amount int64, outcome Outcome, err error) (Outcome, error) {
	if err == nil {
		b.inflow.Add(amount)
	}
	return outcome, err
}

func (b *Bank) stream(account string) string { return b.prefix + "account-" + account }

// metadata is that of all events of a command.
func metadata(id, user string) groupcommit.Metadata {
	return groupcommit.Metadata{CorrelationID: id, CausationID: id, UserID: user, Timestamp: time.Now()}
}
