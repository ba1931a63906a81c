package workload

import (
	"errors"
	"testing"

	"github.com/groupcommit/groupcommit"
)

// fold is the state after these events.
func fold[S State[S]](t *testing.T, state S, events ...groupcommit.Event) S {
	t.Helper()
	for _, e := range events {
		next, err := state.Evolve(e.Type, e.Data)
		if err != nil {
			t.Fatal(err)
		}
		state = next
	}
	return state
}

func TestAccountEvolves(t *testing.T) {
	var account Account
	for _, step := range []struct {
		event groupcommit.Event
		want  Account
	}{
		{groupcommit.JSON("AccountCreated", AccountCreated{ID: "acc0001"}), Account{Active: true}},
		{groupcommit.JSON("TransactionInitiated", TransactionInitiated{Amount: 100}), Account{Active: true, Pending: 100}},
		{groupcommit.JSON("TransactionCompleted", TransactionCompleted{Amount: 100}), Account{Active: true, Balance: 100}},
		{groupcommit.JSON("TransactionInitiated", TransactionInitiated{Amount: -30}), Account{Active: true, Balance: 100, Pending: -30}},
		{groupcommit.JSON("SomethingElse", nil), Account{Active: true, Balance: 100, Pending: -30}},
	} {
		account = fold(t, account, step.event)
		if account != step.want {
			t.Errorf("after %s %s: %+v, want %+v", step.event.Type, step.event.Data, account, step.want)
		}
	}
}

func TestAccountRules(t *testing.T) {
	payment := Payment{ID: "p", From: "acc0001", To: "acc0002", Amount: 100}
	for name, test := range map[string]struct {
		account Account
		decide  func(Account, Payment) ([]groupcommit.Event, error)
		want    Account
		refusal error
	}{
		"deposit":                 {Account{Active: true}, Account.Deposit, Account{Active: true, Balance: 100}, nil},
		"deposit, inactive":       {Account{}, Account.Deposit, Account{}, ErrAccountInactive},
		"receive":                 {Account{Active: true}, Account.Receive, Account{Active: true, Pending: 100}, nil},
		"receive, inactive":       {Account{}, Account.Receive, Account{}, ErrAccountInactive},
		"pay":                     {Account{Active: true, Balance: 100}, Account.Pay, Account{Active: true, Balance: 100, Pending: -100}, nil},
		"pay what is pending":     {Account{Active: true, Pending: 100}, Account.Pay, Account{Active: true}, nil},
		"pay, inactive":           {Account{Balance: 100}, Account.Pay, Account{}, ErrAccountInactive},
		"pay, too little":         {Account{Active: true, Balance: 99}, Account.Pay, Account{}, ErrInsufficientFunds},
		"pay, already spoken for": {Account{Active: true, Balance: 150, Pending: -51}, Account.Pay, Account{}, ErrInsufficientFunds},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := test.decide(test.account, payment)
			if !errors.Is(err, test.refusal) {
				t.Fatalf("refused with %v, want %v", err, test.refusal)
			}
			if err != nil {
				return
			}
			if got := fold(t, test.account, events...); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func TestAccountRefusesDataThatItCannotRead(t *testing.T) {
	for _, eventType := range []string{"TransactionInitiated", "TransactionCompleted"} {
		if _, err := (Account{}).Evolve(eventType, []byte(`{"amount":"much"}`)); err == nil {
			t.Errorf("%s: no error", eventType)
		}
	}
}
