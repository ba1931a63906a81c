package decider_test

import (
	"fmt"
	"testing"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

// What comes behind a decision that has to wait for a stream waits too, where it touches one of the streams that it looks at: the order of a goroutine's
// calls is the order on the stream.
func TestOrderBehindADecisionThatWaits(t *testing.T) {
	store := open(t, groupcommit.Config{})
	accounts := decider.New(evolve)
	a := accounts.At("a")
	var futures []*groupcommit.Future
	for i := range 200 {
		asked := accounts.At(fmt.Sprint("asked for ", i)) // never seen before: the decision is set aside
		futures = append(futures, decider.Submit(t.Context(), store, func(d *decider.Decision) error {
			_ = asked.State(d)
			a.Append(d, move(1))
			return nil
		}, a), store.Submit(t.Context(), groupcommit.To("a", groupcommit.Any, move(1))))
	}
	for i, f := range futures {
		if result, err := f.Wait(t.Context()); err != nil || result.Version("a") != int64(i+1) {
			t.Fatalf("command %d: %+v, %v", i, result, err)
		}
	}
}
