package workload

import (
	"cmp"
	"context"
	"fmt"

	"github.com/groupcommit/groupcommit"
)

// What is preloaded.
const (
	Accounts  = 20
	Products  = 10
	Customers = 10
)

// Preload is W0: the accounts, products and customers that W1 and W2 work on. They must not exist yet.
type Preload struct {
	Prefix  string // of all stream names, so that runs can share a log
	Opening int64  // amount of each account; defaults to 100,000
	Stock   int64  // of each product; defaults to 10,000
}

// OpeningFor is an opening amount with which W1 does not run dry in so many commands.
func OpeningFor(commands int) int64 { return max(100_000, 10*int64(commands)) }

// StockFor is a stock with which W2 does not run dry in so many orders.
func StockFor(orders int) int64 { return max(10_000, int64(orders)) }

func (p Preload) opening() int64 { return cmp.Or(p.Opening, 100_000) }

// Run appends the 40 streams, 80 events in all.
func (p Preload) Run(ctx context.Context, store Store) error {
	for i := range Accounts {
		if err := p.create(ctx, store, "account-"+accountName(i), accountName(i), p.account(i)...); err != nil {
			return err
		}
	}
	for i := range Products {
		added := groupcommit.JSON("StockAdded", StockAdded{Product: productName(i), Quantity: cmp.Or(p.Stock, 10_000)})
		if err := p.create(ctx, store, "product-"+productName(i), "warehouse", added); err != nil {
			return err
		}
	}
	for i := range Customers {
		created := groupcommit.JSON("AccountCreated", AccountCreated{ID: customerName(i), Email: customerName(i) + "@example.com"})
		if err := p.create(ctx, store, "customer-"+customerName(i), customerName(i), created); err != nil {
			return err
		}
	}
	return nil
}

func (p Preload) account(i int) []groupcommit.Event {
	name, id, amount := accountName(i), fmt.Sprintf("init-deposit-%d", i), p.opening()
	return []groupcommit.Event{
		groupcommit.JSON("AccountCreated", AccountCreated{ID: name, Email: name + "@example.com"}),
		groupcommit.JSON("TransactionInitiated", TransactionInitiated{ID: id, From: External, To: name, Amount: amount}),
		groupcommit.JSON("TransactionCompleted", TransactionCompleted{ID: id, Amount: amount}),
	}
}

func (p Preload) create(ctx context.Context, store Store, stream, user string, events ...groupcommit.Event) error {
	cmd := commandOf([]Write{Create(p.Prefix+stream, events...)}, metadata("preload", user))
	if _, err := store.Append(ctx, cmd); err != nil {
		return fmt.Errorf("preload: %w", err)
	}
	return nil
}

func accountName(i int) string  { return fmt.Sprintf("acc%04d", i) }
func productName(i int) string  { return fmt.Sprintf("prod%04d", i) }
func customerName(i int) string { return fmt.Sprintf("cust%04d", i) }
