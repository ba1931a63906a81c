package workload

import (
	"encoding/json"

	"github.com/groupcommit/groupcommit"
)

// The events of a product.
type (
	// StockAdded says that more of a product came in.
	StockAdded struct {
		Product  string `json:"product"`
		Quantity int64  `json:"quantity"`
	}
	// StockReserved sets some of a product aside for an order.
	StockReserved struct {
		Product  string `json:"product"`
		Quantity int64  `json:"quantity"`
		Order    string `json:"order"`
	}
)

// Stock is the state of a product.
type Stock struct {
	Added    int64
	Reserved int64
}

// Available is what can be reserved.
func (s Stock) Available() int64 { return s.Added - s.Reserved }

// Evolve is the state after one more event.
func (s Stock) Evolve(eventType string, data []byte) (Stock, error) {
	switch eventType {
	case "StockAdded":
		var e StockAdded
		if err := json.Unmarshal(data, &e); err != nil {
			return s, err
		}
		s.Added += e.Quantity
	case "StockReserved":
		var e StockReserved
		if err := json.Unmarshal(data, &e); err != nil {
			return s, err
		}
		s.Reserved += e.Quantity
	}
	return s, nil
}

// Reserve sets an item of an order aside.
func (s Stock) Reserve(order string, item Item) ([]groupcommit.Event, error) {
	if s.Available() < item.Quantity {
		return nil, ErrOutOfStock
	}
	reserved := StockReserved{Product: item.Product, Quantity: item.Quantity, Order: order}
	return []groupcommit.Event{groupcommit.JSON("StockReserved", reserved)}, nil
}
