package workload

import (
	"encoding/json"

	"github.com/groupcommit/groupcommit"
)

// The events of an account.
type (
	// AccountCreated opens an account. It is the event of a customer as well.
	AccountCreated struct {
		ID    string `json:"id"`
		Email string `json:"email"`
	}
	// TransactionInitiated announces money that moves.
	TransactionInitiated struct {
		ID     string `json:"id"`
		From   string `json:"from"`
		To     string `json:"to"`
		Amount int64  `json:"amount"` // as this account sees it: negative when it pays
	}
	// TransactionCompleted says that the money of a transaction has arrived.
	TransactionCompleted struct {
		ID     string `json:"id"`
		Amount int64  `json:"amount"`
	}
)

// Payment moves an amount between two accounts, or between one and the world outside.
type Payment struct {
	ID       string
	From, To string
	Amount   int64
}

// metadata is that of all events of the payment, which who has the account that it is made from asks for.
func (p *Payment) metadata() groupcommit.Metadata {
	user := p.From
	if user == External {
		user = p.To
	}
	return metadata(p.ID, user)
}

// External is the account of everybody who has none.
const External = "external"

// Account is the state of an account.
type Account struct {
	Active  bool
	Balance int64
	Pending int64 // initiated and not completed; negative when more goes than comes
}

// Available is what can be paid out.
func (a Account) Available() int64 { return a.Balance + a.Pending }

// Evolve is the state after one more event.
func (a Account) Evolve(eventType string, data []byte) (Account, error) {
	switch eventType {
	case "AccountCreated":
		a.Active = true
	case "TransactionInitiated":
		var e TransactionInitiated
		if err := json.Unmarshal(data, &e); err != nil {
			return a, err
		}
		a.Pending += e.Amount
	case "TransactionCompleted":
		var e TransactionCompleted
		if err := json.Unmarshal(data, &e); err != nil {
			return a, err
		}
		a.Pending -= e.Amount
		a.Balance += e.Amount
	}
	return a, nil
}

// Deposit takes in money from outside, at once.
func (a Account) Deposit(p Payment) ([]groupcommit.Event, error) {
	events, err := a.Receive(p)
	if err != nil {
		return nil, err
	}
	return append(events, groupcommit.JSON("TransactionCompleted", TransactionCompleted{ID: p.ID, Amount: p.Amount})), nil
}

// Receive announces money that comes in.
func (a Account) Receive(p Payment) ([]groupcommit.Event, error) {
	if !a.Active {
		return nil, ErrAccountInactive
	}
	return []groupcommit.Event{initiated(p, p.Amount)}, nil
}

// Pay announces money that goes out.
func (a Account) Pay(p Payment) ([]groupcommit.Event, error) {
	if !a.Active {
		return nil, ErrAccountInactive
	}
	if a.Available() < p.Amount {
		return nil, ErrInsufficientFunds
	}
	return []groupcommit.Event{initiated(p, -p.Amount)}, nil
}

func initiated(p Payment, amount int64) groupcommit.Event {
	return groupcommit.JSON("TransactionInitiated", TransactionInitiated{ID: p.ID, From: p.From, To: p.To, Amount: amount})
}
