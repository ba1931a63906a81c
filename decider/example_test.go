package decider_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/decider"
)

func ExampleSubmit() {
	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	// A seat map is the list of those who sit there: a value, which evolve does not change.
	seats := decider.New(func(taken []string, e groupcommit.RecordedEvent) ([]string, error) {
		return append(taken[:len(taken):len(taken)], string(e.Data)), nil
	})
	hall := seats.At("hall-7")
	soldOut := errors.New("sold out")
	book := func(who string) *groupcommit.Future {
		return decider.Submit(ctx, store, func(d *decider.Decision) error {
			if len(hall.State(d)) == 2 {
				return soldOut
			}
			hall.Append(d, groupcommit.JSON("SeatTaken", who))
			return nil
		}, hall)
	}
	for _, future := range []*groupcommit.Future{book("Ann"), book("Ben"), book("Cid")} {
		result, err := future.Wait(ctx)
		fmt.Println(result.Version("hall-7"), err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 0 sold out
}
