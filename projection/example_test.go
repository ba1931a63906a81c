package projection_test

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/projection"
)

// A read model of one row per account, with one statement for all events of a batch: that is what makes it fast. The events of one account
// are added up before, since a statement updates a row only once.
func ExampleProjection() {
	ctx := context.Background()
	store, err := groupcommit.Open(ctx, groupcommit.Config{DatabaseURL: os.Getenv("DATABASE_URL"), Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	runner, err := projection.NewRunner(ctx, store, projection.Config{Pool: pool, Migrate: true})
	if err != nil {
		log.Fatal(err)
	}

	balances := projection.Projection{
		Name:    "balances",
		Options: projection.Options{Types: []string{"Deposited"}, OnFailure: projection.Park},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			accounts, amounts := make([]string, len(events)), make([]int64, len(events))
			for i, event := range events {
				var deposited struct{ Amount int64 }
				if err := json.Unmarshal(event.Data, &deposited); err != nil {
					return err
				}
				accounts[i], amounts[i] = event.Stream, deposited.Amount
			}
			_, err := tx.Exec(ctx, `
				INSERT INTO balances AS b (account, balance)
				SELECT account, sum(amount) FROM unnest($1::text[], $2::bigint[]) e (account, amount) GROUP BY account
				ON CONFLICT (account) DO UPDATE SET balance = b.balance + excluded.balance`, accounts, amounts)
			return err
		},
	}
	go func() {
		if err := runner.Run(ctx, balances); err != nil {
			log.Print(err)
		}
	}()

	// Read your own writes.
	result, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.Any, groupcommit.JSON("Deposited", map[string]int{"amount": 100})))
	if err != nil {
		log.Fatal(err)
	}
	if err := runner.WaitFor(ctx, "balances", result.Last); err != nil {
		log.Fatal(err)
	}
}
