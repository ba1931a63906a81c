package workload

import (
	"testing"

	"github.com/groupcommit/groupcommit"
)

func TestStatesKeepTheNewest(t *testing.T) {
	store := inMemory(t)
	openAccount(t, store)
	accounts := NewStates[Account](store)
	first, err := accounts.Get(t.Context(), &Attempt{}, account)
	if err != nil {
		t.Fatal(err)
	}
	paid := groupcommit.JSON("TransactionInitiated", TransactionInitiated{Amount: -10})
	accounts.advance(first, []groupcommit.Event{paid, paid})
	accounts.advance(first, []groupcommit.Event{paid}) // told later, true earlier

	got, err := accounts.Get(t.Context(), &Attempt{}, account)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != first.Version+2 || got.State.Available() != 80 {
		t.Errorf("version %d, %+v", got.Version, got.State)
	}
	if first.Version != 3 || first.State.Available() != 100 {
		t.Errorf("a snapshot has changed: version %d, %+v", first.Version, first.State)
	}
}

func TestAStreamThatDoesNotExistHasTheZeroState(t *testing.T) {
	got, err := NewStates[Account](inMemory(t)).Get(t.Context(), &Attempt{}, account)
	if err != nil || got.Version != 0 || got.State != (Account{}) {
		t.Errorf("%+v, %v", got, err)
	}
	if write := got.Append(); write.Expect != groupcommit.NoStream {
		t.Errorf("an append expects %s", write.Expect)
	}
}
