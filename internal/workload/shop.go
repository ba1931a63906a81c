package workload

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// Shop executes the commands of W2: it decides on customer and products as they are when it is a command's turn. Its methods may be called by any
// number of goroutines.
type Shop struct {
	store     Store
	prefix    string
	customers *decider.Decider[Customer]
	products  *decider.Decider[Stock]
	placed    atomic.Int64
}

// NewShop is a shop over preloaded products and customers.
func NewShop(store Store, prefix string) *Shop {
	return &Shop{store: store, prefix: prefix, customers: decider.New(folding[Customer]), products: decider.New(folding[Stock])}
}

// Do is command i of W2.
func (s *Shop) Do(ctx context.Context, i int) (Outcome, error) { return s.Place(ctx, newOrder(i)) }

// Place places an order: the customer must be known, and every product is reserved, in one command.
func (s *Shop) Place(ctx context.Context, order Order) (Outcome, error) {
	customer := s.customers.At(s.prefix + "customer-" + order.Customer)
	products := make([]decider.Handle[Stock], len(order.Items))
	parts := []decider.Part{customer}
	for i, item := range order.Items {
		products[i] = s.products.At(s.prefix + "product-" + item.Product)
		parts = append(parts, products[i])
	}
	about := metadata(order.ID, order.Customer).Encode()
	outcome, err := decide(ctx, s.store, func(d *decider.Decision) error {
		if !customer.State(d).Known {
			return ErrUnknownCustomer
		}
		d.To(s.prefix+"order-"+order.ID, groupcommit.NoStream, signed([]groupcommit.Event{order.Place()}, about)...)
		for i, item := range order.Items {
			events, err := products[i].State(d).Reserve(order.ID, item)
			if err != nil {
				return err
			}
			products[i].Append(d, signed(events, about)...)
		}
		return nil
	}, parts...)
	if _, exists := errors.AsType[*groupcommit.ConflictError](err); exists {
		return outcome, ErrOrderExists
	}
	if err == nil {
		s.placed.Add(1)
	}
	return outcome, err
}

// Placed is the number of orders that were placed.
func (s *Shop) Placed() int64 { return s.placed.Load() }

// newOrder is command i of W2.
func newOrder(i int) Order {
	order := Order{ID: uuid.NewString(), Customer: customerName(i % Customers)}
	for j := range 2 + i%4 {
		order.Items = append(order.Items, Item{Product: productName((i + j) % Products), Quantity: 1 + int64(j%3)})
	}
	return order
}
