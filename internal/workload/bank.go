package workload

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/groupcommit/groupcommit/decider"
)

// Bank executes the commands of W1: it decides on the accounts as they are when it is a command's turn. Its methods may be called by any number
// of goroutines.
type Bank struct {
	store    Store
	prefix   string
	bothEnds bool
	accounts *decider.Decider[Account]
	inflow   atomic.Int64
}

// NewBank is a bank over preloaded accounts. With bothEnds a transfer writes the streams of both its accounts (W1b), else only
// the one that pays (W1a).
func NewBank(store Store, prefix string, bothEnds bool) *Bank {
	return &Bank{store: store, prefix: prefix, bothEnds: bothEnds, accounts: decider.New(folding[Account])}
}

// Do is command i of W1.
func (b *Bank) Do(ctx context.Context, i int) (Outcome, error) { return payment(ctx, b, i) }

// Deposit brings money in from outside.
func (b *Bank) Deposit(ctx context.Context, p Payment) (Outcome, error) {
	to, about := b.account(p.To), p.metadata().Encode()
	outcome, err := decide(ctx, b.store, func(d *decider.Decision) error {
		events, err := to.State(d).Deposit(p)
		to.Append(d, signed(events, about)...)
		return err
	}, to)
	return b.moved(p.Amount, outcome, err)
}

// Withdraw takes money out.
func (b *Bank) Withdraw(ctx context.Context, p Payment) (Outcome, error) {
	from, about := b.account(p.From), p.metadata().Encode()
	outcome, err := decide(ctx, b.store, func(d *decider.Decision) error {
		events, err := from.State(d).Pay(p)
		from.Append(d, signed(events, about)...)
		return err
	}, from)
	return b.moved(-p.Amount, outcome, err)
}

// Transfer moves money from one account to another one.
func (b *Bank) Transfer(ctx context.Context, p Payment) (Outcome, error) {
	if !b.bothEnds {
		return b.Withdraw(ctx, p)
	}
	from, to, about := b.account(p.From), b.account(p.To), p.metadata().Encode()
	return decide(ctx, b.store, func(d *decider.Decision) error {
		paid, err := from.State(d).Pay(p)
		if err != nil {
			return err
		}
		received, err := to.State(d).Receive(p)
		from.Append(d, signed(paid, about)...)
		to.Append(d, signed(received, about)...)
		return err
	}, from, to)
}

// Inflow is what came in less what went out, over all commands that succeeded: by so much the accounts hold more.
func (b *Bank) Inflow() int64 { return b.inflow.Load() }

func (b *Bank) moved(amount int64, outcome Outcome, err error) (Outcome, error) {
	if err == nil {
		b.inflow.Add(amount)
	}
	return outcome, err
}

func (b *Bank) account(name string) decider.Handle[Account] {
	return b.accounts.At(b.prefix + "account-" + name)
}

// teller is a bank.
type teller interface {
	Deposit(context.Context, Payment) (Outcome, error)
	Withdraw(context.Context, Payment) (Outcome, error)
	Transfer(context.Context, Payment) (Outcome, error)
}

// payment is command i of W1.
func payment(ctx context.Context, bank teller, i int) (Outcome, error) {
	here, next := accountName(i%Accounts), accountName((i+1)%Accounts)
	p := Payment{ID: fmt.Sprintf("transaction-%d", i), Amount: 100 + int64(i%900)}
	switch i % 3 {
	case 0:
		p.From, p.To = External, here
		return bank.Deposit(ctx, p)
	case 1:
		p.From, p.To = here, External
		return bank.Withdraw(ctx, p)
	default:
		p.From, p.To = here, next
		return bank.Transfer(ctx, p)
	}
}
