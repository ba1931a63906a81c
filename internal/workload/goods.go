package workload

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/groupcommit/groupcommit"
)

// Seller is a shop that knows how many orders it has placed.
type Seller interface{ Placed() int64 }

// goods holds when what was ordered is what was reserved, order by order and product by product.
type goods struct {
	prefix   string
	shops    []Seller
	placed   int64
	products map[string]Stock
	owed     map[line]int64 // ordered and not reserved yet; negative: the other way round; what is even is forgotten
}

// line is an item of an order.
type line struct{ order, product string }

// Goods is the invariant of W2 over all shops that worked on the same preloaded products: every order that was placed is there
// and complete, nothing else is reserved, and no product was ever short.
func Goods(preload Preload, shops ...Seller) Invariant {
	return &goods{prefix: preload.Prefix, shops: shops, products: map[string]Stock{}, owed: map[line]int64{}}
}

func (g *goods) String() string { return "every order is complete and no stock is below zero" }

func (g *goods) See(e *groupcommit.RecordedEvent) error {
	stream, ours := strings.CutPrefix(e.Stream, g.prefix)
	if !ours {
		return nil
	}
	var err error
	if order, ok := strings.CutPrefix(stream, "order-"); ok {
		err = g.seeOrder(order, e)
	} else if product, ok := strings.CutPrefix(stream, "product-"); ok {
		err = g.seeProduct(product, e)
	}
	if err != nil {
		return fmt.Errorf("position %d: %w", e.Position, err)
	}
	return nil
}

func (g *goods) seeOrder(id string, e *groupcommit.RecordedEvent) error {
	var order OrderPlaced
	if err := json.Unmarshal(e.Data, &order); err != nil {
		return err
	}
	if e.Type != "OrderPlaced" || order.ID != id {
		return fmt.Errorf("%s of order %q stands in %s", e.Type, order.ID, e.Stream)
	}
	g.placed++
	for _, item := range order.Items {
		g.owe(line{id, item.Product}, item.Quantity)
	}
	return nil
}

func (g *goods) seeProduct(product string, e *groupcommit.RecordedEvent) error {
	stock, err := g.products[product].Evolve(e.Type, e.Data)
	if err != nil {
		return err
	}
	if stock.Available() < 0 {
		return fmt.Errorf("%s is short by %d", product, -stock.Available())
	}
	g.products[product] = stock
	if e.Type != "StockReserved" {
		return nil
	}
	var reserved StockReserved
	if err := json.Unmarshal(e.Data, &reserved); err != nil {
		return err
	}
	g.owe(line{reserved.Order, product}, -reserved.Quantity)
	return nil
}

func (g *goods) owe(l line, quantity int64) {
	g.owed[l] += quantity
	if g.owed[l] == 0 {
		delete(g.owed, l)
	}
}

func (g *goods) End() error {
	var want int64
	for _, shop := range g.shops {
		want += shop.Placed()
	}
	if g.placed != want {
		return fmt.Errorf("%d orders were placed, and %d are there", want, g.placed)
	}
	for l, quantity := range g.owed {
		return fmt.Errorf("%d of %s were ordered and not reserved (or the other way round) in order %s, and in %d more places",
			quantity, l.product, l.order, len(g.owed)-1)
	}
	return nil
}
