package workload

import (
	"context"
	"sync/atomic"
)

// OptimisticShop executes the commands of W2 as Shop does, by optimistic retry. Its methods may be called by any number of goroutines.
type OptimisticShop struct {
	store     Store
	prefix    string
	customers *States[Customer]
	products  *States[Stock]
	placed    atomic.Int64
}

// NewOptimisticShop is a shop over preloaded products and customers.
func NewOptimisticShop(store Store, prefix string) *OptimisticShop {
	return &OptimisticShop{store: store, prefix: prefix, customers: NewStates[Customer](store), products: NewStates[Stock](store)}
}

// Do is command i of W2.
func (s *OptimisticShop) Do(ctx context.Context, i int) (Outcome, error) {
	return s.Place(ctx, newOrder(i))
}

// Place places an order: it reads the customer, who must be known and stay as read, and reserves every product, in one command.
func (s *OptimisticShop) Place(ctx context.Context, order Order) (Outcome, error) {
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
func (s *OptimisticShop) Placed() int64 { return s.placed.Load() }
