package workload

import "github.com/groupcommit/groupcommit"

// OrderPlaced is the event of an order.
type OrderPlaced struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	Items    []Item `json:"items"`
}

// Item is a product and how many of it.
type Item struct {
	Product  string `json:"product"`
	Quantity int64  `json:"quantity"`
}

// Order asks for several products at once: all of them, or the order is not placed. A product is listed once.
type Order struct {
	ID       string
	Customer string
	Items    []Item
}

// Place begins the order's stream.
func (o Order) Place() groupcommit.Event {
	return groupcommit.JSON("OrderPlaced", OrderPlaced(o))
}
