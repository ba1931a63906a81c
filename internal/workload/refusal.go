package workload

// Refusal is a business rule that says no. The command was understood, and nothing was written.
type Refusal string

// The rules.
const (
	ErrAccountInactive   Refusal = "the account is not active"
	ErrInsufficientFunds Refusal = "the balance is too low"
	ErrUnknownCustomer   Refusal = "there is no such customer"
	ErrOrderExists       Refusal = "the order was placed before"
	ErrOutOfStock        Refusal = "there is not enough in stock"
)

func (r Refusal) Error() string { return string(r) }
