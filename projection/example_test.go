package projection_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// A read model is rebuilt beside the one that is read. Each version has a table of its own, to which it writes as long as it runs. Readers know only a
// view, which shows them the table of the live version: Swap sees to it, when version 2 has caught up. Version 1 ends at the next event.
func ExampleProjection_version() {
	ctx := context.Background()
	reader, err := groupcommit.OpenReader(ctx, groupcommit.Config{DatabaseURL: os.Getenv("DATABASE_URL")})
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	runner, err := projection.NewRunner(ctx, reader, projection.Config{Pool: pool, Migrate: true})
	if err != nil {
		log.Fatal(err)
	}
	for version := 1; version <= 2; version++ {
		_, err := pool.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS activity_v%d (account text PRIMARY KEY, events bigint)", version))
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := runner.Run(ctx, activity(1), activity(2)); err != nil && !errors.Is(err, projection.ErrReplaced) {
		log.Fatal(err)
	}
}

// activity is a version of a read model that is read as "SELECT account, events FROM activity".
func activity(version int) projection.Projection {
	table := fmt.Sprint("activity_v", version)
	return projection.Projection{
		Name:    "activity",
		Version: version,
		Options: projection.Options{StreamPrefix: "account-"},
		Apply: func(ctx context.Context, tx pgx.Tx, events []groupcommit.RecordedEvent) error {
			accounts := make([]string, len(events))
			for i, event := range events {
				accounts[i] = event.Stream
			}
			_, err := tx.Exec(ctx, `
				INSERT INTO `+table+` AS a (account, events)
				SELECT account, count(*) FROM unnest($1::text[]) e (account) GROUP BY account
				ON CONFLICT (account) DO UPDATE SET events = a.events + excluded.events`, accounts)
			return err
		},
		Swap: func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "CREATE OR REPLACE VIEW activity AS SELECT account, events FROM "+table)
			return err
		},
	}
}
