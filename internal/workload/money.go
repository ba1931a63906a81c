package workload

import (
	"fmt"
	"strings"

	"github.com/groupcommit/groupcommit"
)

// Earner is a bank that knows what it has earned.
type Earner interface{ Inflow() int64 }

// money holds when the accounts of a bank add up and none was ever overdrawn.
type money struct {
	preload  Preload
	banks    []Earner
	accounts map[string]Account
}

// Money is the invariant of W1 over all banks that worked on the same preloaded accounts: balances and pending amounts add up to
// the opening amounts and what came in less what went out, and no account ever had less than nothing.
func Money(preload Preload, banks ...Earner) Invariant {
	return &money{preload: preload, banks: banks, accounts: map[string]Account{}}
}

func (m *money) String() string { return "the money adds up and no account is overdrawn" }

func (m *money) See(e *groupcommit.RecordedEvent) error {
	if !strings.HasPrefix(e.Stream, m.preload.Prefix+"account-") {
		return nil
	}
	account, err := m.accounts[e.Stream].Evolve(e.Type, e.Data)
	if err != nil {
		return fmt.Errorf("position %d: %w", e.Position, err)
	}
	if account.Available() < 0 {
		return fmt.Errorf("position %d: %s is overdrawn by %d", e.Position, e.Stream, -account.Available())
	}
	m.accounts[e.Stream] = account
	return nil
}

func (m *money) End() error {
	var have int64
	for _, account := range m.accounts {
		have += account.Available()
	}
	want := Accounts * m.preload.opening()
	for _, bank := range m.banks {
		want += bank.Inflow()
	}
	if have != want {
		return fmt.Errorf("the accounts hold %d in all and should hold %d", have, want)
	}
	return nil
}
