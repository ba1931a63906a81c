package workload

// Customer is the state of a customer.
type Customer struct {
	Known bool
}

// Evolve is the state after one more event.
func (c Customer) Evolve(eventType string, _ []byte) (Customer, error) {
	if eventType == "AccountCreated" {
		c.Known = true
	}
	return c, nil
}
