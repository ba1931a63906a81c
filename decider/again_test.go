package decider_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// A decision is called once, whatever it comes to, as long as nothing goes wrong and nobody else appends.
func TestDecisionIsCalledOnce(t *testing.T) {
	const times = 20
	store := open(t, groupcommit.Config{})
	a := decider.New(evolve).At("a")
	for name, test := range map[string]struct {
		decide func(d *decider.Decision) error
		id     bool
	}{
		"writes":              {decide: func(d *decider.Decision) error { a.Append(d, move(1)); return nil }},
		"nothing":             {decide: func(*decider.Decision) error { return nil }},
		"refuses":             {decide: func(*decider.Decision) error { return errPoor }},
		"nothing, with an ID": {decide: func(*decider.Decision) error { return nil }, id: true},
		"refuses, with an ID": {decide: func(*decider.Decision) error { return errPoor }, id: true},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			for range times {
				parts := []decider.Part{a}
				if test.id {
					parts = append(parts, decider.ID(uuid.New(), "key"))
				}
				_, _ = decider.Submit(t.Context(), store, func(d *decider.Decision) error { calls++; return test.decide(d) }, parts...).Wait(t.Context())
			}
			if calls != times {
				t.Errorf("%d calls for %d commands", calls, times)
			}
		})
	}
}
