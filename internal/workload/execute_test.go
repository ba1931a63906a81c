package workload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/groupcommit/groupcommit"
)

const account = "account-acc0000"

// openAccount creates an account that holds 100.
func openAccount(t *testing.T, store Store) {
	t.Helper()
	mustAppend(t, store, account, groupcommit.NoStream,
		groupcommit.JSON("AccountCreated", AccountCreated{ID: "acc0000"}),
		groupcommit.JSON("TransactionInitiated", TransactionInitiated{ID: "p", Amount: 100}),
		groupcommit.JSON("TransactionCompleted", TransactionCompleted{ID: "p", Amount: 100}))
}

func withdrawal(amount int64) Payment {
	return Payment{ID: "p", From: "acc0000", To: External, Amount: amount}
}

func TestOwnAppendsAreNotReadBack(t *testing.T) {
	store := &counting{Store: inMemory(t)}
	openAccount(t, store)
	bank := NewOptimisticBank(store, "", false)
	for range 3 {
		outcome, err := bank.Withdraw(t.Context(), withdrawal(10))
		if err != nil || outcome != (Outcome{Events: 1}) {
			t.Fatalf("%+v, %v", outcome, err)
		}
	}
	if n := store.read.Load(); n != 3 {
		t.Errorf("%d events were read, want the 3 that were there at first", n)
	}
	if bank.Inflow() != -30 {
		t.Errorf("inflow %d, want -30", bank.Inflow())
	}
}

func TestAfterAConflictOnlyWhatIsNewIsRead(t *testing.T) {
	store := &counting{Store: inMemory(t)}
	openAccount(t, store)
	bank := NewOptimisticBank(store, "", false)
	if _, err := bank.Withdraw(t.Context(), withdrawal(10)); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, store, account, groupcommit.Exact(4), groupcommit.JSON("TransactionInitiated", TransactionInitiated{Amount: -50}))
	store.read.Store(0)

	outcome, err := bank.Withdraw(t.Context(), withdrawal(40))
	if err != nil || outcome != (Outcome{Events: 1, Conflicts: 1}) {
		t.Fatalf("%+v, %v", outcome, err)
	}
	if n := store.read.Load(); n != 1 {
		t.Errorf("%d events were read, want the one that is new", n)
	}
}

func TestRefusalIsConfirmedOnTheLog(t *testing.T) {
	store := inMemory(t)
	openAccount(t, store)
	bank := NewOptimisticBank(store, "", false)
	if _, err := bank.Withdraw(t.Context(), withdrawal(100)); err != nil {
		t.Fatal(err)
	}
	if _, err := bank.Withdraw(t.Context(), withdrawal(1)); !errors.Is(err, ErrInsufficientFunds) {
		t.Fatalf("1 of 0: %v", err)
	}
	mustAppend(t, store, account, groupcommit.Exact(4), groupcommit.JSON("TransactionInitiated", TransactionInitiated{Amount: 5}))
	if _, err := bank.Withdraw(t.Context(), withdrawal(5)); err != nil {
		t.Errorf("5 of 5, of which this process has not heard: %v", err)
	}
}

func TestTransferWritesBothEnds(t *testing.T) {
	store := inMemory(t)
	if err := (Preload{}).Run(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	transfer := Payment{ID: "p", From: "acc0000", To: "acc0001", Amount: 30}
	for bothEnds, want := range map[bool]Outcome{false: {Events: 1}, true: {Events: 2}} {
		bank := NewOptimisticBank(store, "", bothEnds)
		if outcome, err := bank.Transfer(t.Context(), transfer); err != nil || outcome != want {
			t.Errorf("both ends %t: %+v, %v, want %+v", bothEnds, outcome, err, want)
		}
		if want := int64(30 * (want.Events - 2)); bank.Inflow() != want {
			t.Errorf("both ends %t: inflow %d, want %d", bothEnds, bank.Inflow(), want)
		}
	}
}

func TestOrderRules(t *testing.T) {
	store := inMemory(t)
	if err := (Preload{Stock: 4}).Run(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	shop := NewOptimisticShop(store, "")
	order := Order{ID: "o", Customer: "cust0000", Items: []Item{{"prod0000", 3}, {"prod0001", 1}}}
	if outcome, err := shop.Place(t.Context(), order); err != nil || outcome.Events != 3 {
		t.Fatalf("%+v, %v", outcome, err)
	}
	if _, err := shop.Place(t.Context(), Order{ID: "p", Customer: "nobody", Items: order.Items}); !errors.Is(err, ErrUnknownCustomer) {
		t.Errorf("a customer who does not exist: %v", err)
	}
	if _, err := shop.Place(t.Context(), Order{ID: "p", Customer: "cust0000", Items: order.Items}); !errors.Is(err, ErrOutOfStock) {
		t.Errorf("3 of 1: %v", err)
	}
	order.Items = order.Items[1:]
	if _, err := shop.Place(t.Context(), order); !errors.Is(err, ErrOrderExists) {
		t.Errorf("an order for the second time: %v", err)
	}
	if shop.Placed() != 1 {
		t.Errorf("%d orders placed, want 1", shop.Placed())
	}
}

// contested is a store on which somebody else is always faster.
type contested struct{ Store }

func (contested) Append(_ context.Context, cmd groupcommit.Command) (groupcommit.Result, error) {
	return groupcommit.Result{}, &groupcommit.ConflictError{Stream: cmd.Streams[0].Stream, Expected: cmd.Streams[0].Expect, Actual: 9}
}

func TestExecuteGivesUpInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outcome, err := Execute(t.Context(), contested{}, groupcommit.Metadata{}, func(context.Context, *Attempt) ([]Write, error) {
			return []Write{Create("s")}, nil
		})
		if _, ok := errors.AsType[*groupcommit.ConflictError](err); !ok || outcome.Conflicts != maxAttempts {
			t.Errorf("%+v, %v", outcome, err)
		}
	})
}

func TestExecuteStopsTryingWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	outcome, err := Execute(ctx, contested{}, groupcommit.Metadata{}, func(context.Context, *Attempt) ([]Write, error) {
		cancel()
		return []Write{Create("s")}, nil
	})
	if !errors.Is(err, context.Canceled) || outcome.Conflicts != 1 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

func TestEveryEventOfACommandHasItsMetadata(t *testing.T) {
	store := inMemory(t)
	if err := (Preload{}).Run(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	shop := NewOptimisticShop(store, "")
	if _, err := shop.Place(t.Context(), Order{ID: "o", Customer: "cust0003", Items: []Item{{"prod0000", 1}, {"prod0001", 1}}}); err != nil {
		t.Fatal(err)
	}
	events := mustReadAll(t, store)
	if len(events) != 83 {
		t.Fatalf("%d events, want 80 of the preload and 3 of the order", len(events))
	}
	for _, e := range events[80:] {
		m, err := groupcommit.ParseMetadata(e.Metadata)
		if err != nil || m.CorrelationID != "o" || m.CausationID != "o" || m.UserID != "cust0003" || m.Timestamp.IsZero() {
			t.Errorf("%s: %+v, %v", e.Type, m, err)
		}
	}
}

func TestAnEventThatCannotBeReadIsTold(t *testing.T) {
	store := inMemory(t)
	mustAppend(t, store, account, groupcommit.NoStream, groupcommit.Event{Type: "TransactionInitiated", Data: []byte(`"no object"`)})
	if _, err := NewOptimisticBank(store, "", false).Withdraw(t.Context(), withdrawal(1)); err == nil {
		t.Error("no error")
	}
}
