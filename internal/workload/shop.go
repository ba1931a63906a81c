package workload

import (
	"context"
	"sync/atomic"

	"github.com/google/uuid"
)

// Shop executes the commands of W2. Its methods may be called by any number of goroutines.
type Shop struct {
	store     Store
	prefix    string
	customers *States[Customer]
	products  *States[Stock]
	placed    atomic.Int64
}

// NewShop is a shop over preloaded products and customers.
func NewShop(store Store, prefix string) *Shop {
	return &Shop{store: store, prefix: prefix, customers: NewStates[Customer](store), products: NewStates[Stock](store)}
}

// Do is command i of W2.
func (s *Shop) Do(ctx context.Context, i int) (Outcome, error) {
	order := Order{ID: uuid.NewString(), Customer: customerName(i % Customers)}
	for j := range 2 + i%4 {
		order.Items = append(order.Items, Item{Product: productName((i + j) % Products), Quantity: 1 + int64(j%3)})
	}
	return s.Place(ctx, order)
}

// Place places an order: it reads the customer, who must be known and stay as read, and reserves every product, in one command.
func (s *Shop) Place(ctx context.Context, order Order) (Outcome, error) {
	stream := s.prefix + "order-" + order.ID
	outcome, err := Execute(ctx, s.store, metadata(order.ID, order.Customer), func(ctx context.Context, attempt *Attempt) ([]Write, error) {
		if attempt.AtLeast(stream) > 0 {
			return nil, ErrOrderExists
		}
		customer, err := s.customers.Get(ctx, attempt, s.prefix+"customer-"+order.Customer)
		if err != nil {
			return nil, err
		}
		if !customer.State.Known {
			return nil, ErrUnknownCustomer
		}
		writes := []Write{customer.Guard(), Create(stream, order.Place())}
		for _, item := range order.Items {
			product, err := s.products.Get(ctx, attempt, s.prefix+"product-"+item.Product)
			if err != nil {
				return nil, err
			}
			events, err := product.State.Reserve(order.ID, item)
			if err != nil {
				return nil, err
			}
			writes = append(writes, product.Append(events...))
		}
		return writes, nil
	})
	if err == nil {
		s.placed.Add(1)
	}
	return outcome, err
}

// Placed is the number of orders that were placed.
func (s *Shop) Placed() int64 { return s.placed.Load() }
