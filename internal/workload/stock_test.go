package workload

import (
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
)

func TestStock(t *testing.T) {
	stock := fold(t, Stock{},
		groupcommit.JSON("StockAdded", StockAdded{Product: "p", Quantity: 5}),
		groupcommit.JSON("StockReserved", StockReserved{Product: "p", Quantity: 3, Order: "o"}),
		groupcommit.JSON("SomethingElse", nil))
	if want := (Stock{Added: 5, Reserved: 3}); stock != want {
		t.Fatalf("%+v, want %+v", stock, want)
	}
	if _, err := stock.Reserve("o", Item{Product: "p", Quantity: 3}); !errors.Is(err, ErrOutOfStock) {
		t.Errorf("3 of 2: %v", err)
	}
	events, err := stock.Reserve("o", Item{Product: "p", Quantity: 2})
	if err != nil {
		t.Fatal(err)
	}
	if left := fold(t, stock, events...).Available(); left != 0 {
		t.Errorf("%d are left of 2 less 2", left)
	}
}

func TestStockRefusesDataThatItCannotRead(t *testing.T) {
	for _, eventType := range []string{"StockAdded", "StockReserved"} {
		if _, err := (Stock{}).Evolve(eventType, []byte(`{"quantity":"many"}`)); err == nil {
			t.Errorf("%s: no error", eventType)
		}
	}
}

func TestCustomerIsKnownOnceCreated(t *testing.T) {
	if got := fold(t, Customer{}, groupcommit.JSON("SomethingElse", nil)); got.Known {
		t.Error("known without having been created")
	}
	if got := fold(t, Customer{}, groupcommit.JSON("AccountCreated", AccountCreated{ID: "cust0001"})); !got.Known {
		t.Error("not known")
	}
}
