package groupcommit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
)

// Append submits one command and waits for its verdict. A nil error means that its events are committed.
func ExampleStore_Append() {
	type Opened struct{ Owner string }
	type Deposited struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{}) // or Open, with a DatabaseURL
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	opened := groupcommit.JSON("Opened", Opened{Owner: "Ann"})
	deposited := groupcommit.JSON("Deposited", Deposited{Amount: 100})
	result, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.NoStream, opened, deposited))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("positions", result.First, "to", result.Last)
	fmt.Println("account-1 is at version", result.Version("account-1"))
	// Output:
	// positions 1 to 2
	// account-1 is at version 2
}

// A decision rests on the events that were read. If another one was quicker, it is made again, on what there is now.
func Example_conflict() {
	type Deposited struct{ Amount int }
	type Withdrawn struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	readBalance := func() (balance int, version int64, err error) {
		for event, err := range store.ReadStream(ctx, "account-1") {
			if err != nil {
				return 0, 0, err
			}
			var change struct{ Amount int }
			if err := json.Unmarshal(event.Data, &change); err != nil {
				return 0, 0, err
			}
			if event.Type == "Withdrawn" {
				change.Amount = -change.Amount
			}
			balance, version = balance+change.Amount, event.Version
		}
		return balance, version, nil
	}
	withdraw := func(amount int) error {
		for {
			balance, version, err := readBalance()
			if err != nil {
				return err
			}
			if balance < amount {
				return errors.New("insufficient funds")
			}
			withdrawn := groupcommit.JSON("Withdrawn", Withdrawn{Amount: amount})
			_, err = store.Append(ctx, groupcommit.To("account-1", groupcommit.Exact(version), withdrawn))
			if _, conflict := errors.AsType[*groupcommit.ConflictError](err); conflict {
				continue
			}
			return err
		}
	}

	deposited := groupcommit.JSON("Deposited", Deposited{Amount: 100})
	if _, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.NoStream, deposited)); err != nil {
		log.Fatal(err)
	}
	errs := make(chan error)
	for range 3 { // who would all take more than half
		go func() { errs <- withdraw(60) }()
	}
	for range 3 {
		if err := <-errs; err != nil {
			fmt.Println(err)
		}
	}
	left, version, err := readBalance()
	fmt.Println("balance", left, "at version", version, err)
	// Output:
	// insufficient funds
	// insufficient funds
	// balance 40 at version 2 <nil>
}

// An HTTP API takes the version that its client has seen, and tells a conflict as 409 with the version that there is.
func Example_conflictOverHTTP() {
	type Deposited struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /accounts/{id}/deposits", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Version int64 // as the client knows it
			Amount  int
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, "not a deposit", http.StatusBadRequest)
			return
		}
		stream := "account-" + r.PathValue("id")
		deposited := groupcommit.JSON("Deposited", Deposited{Amount: request.Amount})
		result, err := store.Append(r.Context(), groupcommit.To(stream, groupcommit.Exact(request.Version), deposited))
		if conflict, ok := errors.AsType[*groupcommit.ConflictError](err); ok {
			http.Error(w, fmt.Sprintf("%s is at version %d", conflict.Stream, conflict.Actual), http.StatusConflict)
			return
		}
		if invalid, ok := errors.AsType[*groupcommit.InvalidError](err); ok {
			http.Error(w, invalid.Error(), http.StatusBadRequest)
			return
		}
		if err != nil { // also when the outcome is unknown: the version makes a second try harmless
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "version %d\n", result.Version(stream))
	})

	for range 2 {
		request := httptest.NewRequest("POST", "/accounts/1/deposits", strings.NewReader(`{"version":0,"amount":100}`))
		response := httptest.NewRecorder()
		mux.ServeHTTP(response, request)
		fmt.Print(response.Code, " ", response.Body)
	}
	// Output:
	// 200 version 1
	// 409 account-1 is at version 1
}

// Commands that are submitted before the first is waited for travel together: here they share a few commits.
func ExampleWaitAll() {
	type Opened struct{ Owner string }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	var futures []*groupcommit.Future
	for i := range 1000 {
		opened := groupcommit.JSON("Opened", Opened{Owner: "Ann"})
		futures = append(futures, store.Submit(ctx, groupcommit.To(fmt.Sprint("account-", i), groupcommit.NoStream, opened)))
	}
	results, err := groupcommit.WaitAll(ctx, futures...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the last one is at position", results[999].Last)
	// Output: the last one is at position 1000
}

// A command over several streams takes effect on all or on none.
func Example_severalStreams() {
	type Deposited struct{ Amount int }
	type Withdrawn struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	deposited := groupcommit.JSON("Deposited", Deposited{Amount: 100})
	if _, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.NoStream, deposited)); err != nil {
		log.Fatal(err)
	}

	result, err := store.Append(ctx, groupcommit.Command{Streams: []groupcommit.StreamWrite{
		{
			Stream: "account-1",
			Expect: groupcommit.Exact(1), // as it was when the balance was found to suffice
			Events: []groupcommit.Event{groupcommit.JSON("Withdrawn", Withdrawn{Amount: 30})},
		},
		{
			Stream: "account-2",
			Events: []groupcommit.Event{groupcommit.JSON("Deposited", Deposited{Amount: 30})},
		},
	}})
	fmt.Println(result.Versions, err)
	// Output: [{account-1 2} {account-2 1}] <nil>
}

// A stream without events is only guarded: nothing is written to it, and the command is refused if it has moved.
func Example_guard() {
	type OrderPlaced struct{ Total int }
	type PricesSet struct{ Apples int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	placed := groupcommit.JSON("OrderPlaced", OrderPlaced{Total: 12})
	order := groupcommit.Command{Streams: []groupcommit.StreamWrite{
		{Stream: "order-7", Expect: groupcommit.NoStream, Events: []groupcommit.Event{placed}},
		{Stream: "price-list", Expect: groupcommit.Exact(1)}, // which the order was calculated with
	}}
	for _, price := range []int{3, 4} {
		set := groupcommit.JSON("PricesSet", PricesSet{Apples: price})
		if _, err := store.Append(ctx, groupcommit.To("price-list", groupcommit.Any, set)); err != nil {
			log.Fatal(err)
		}
	}
	_, err = store.Append(ctx, order)
	fmt.Println(err)
	// Output: groupcommit: conflict on stream "price-list": expected version 1, but it is at version 2
}

// A command with an ID takes effect once, however often it is submitted. So a caller who did not get an answer asks again.
func Example_idempotentRetry() {
	type Deposited struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	deposit := groupcommit.To("account-1", groupcommit.NoStream, groupcommit.JSON("Deposited", Deposited{Amount: 100}))
	deposit.ID = uuid.MustParse("0b6a1c0e-58a7-4c5f-9d1b-2f6b9d6f0c11") // chosen by whoever may try again

	for range 2 {
		result, err := store.Append(ctx, deposit)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("position", result.First, "duplicate", result.Duplicate)
	}
	// Output:
	// position 1 duplicate false
	// position 1 duplicate true
}

// A store of bytea keeps any bytes and gives back the very same.
func Example_anyBytes() {
	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{DataType: groupcommit.DataBytea}) // or Open: it counts when the schema is created
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	deposited := groupcommit.Event{Type: "Deposited", Data: []byte{0x08, 0x96, 0x01}} // as proto.Marshal gives them
	if _, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.NoStream, deposited)); err != nil {
		log.Fatal(err)
	}
	for event, err := range store.ReadStream(ctx, "account-1") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s % x\n", event.Type, event.Data)
	}
	// Output: Deposited 08 96 01
}

// Close takes no more commands and waits until all that were taken have their verdict.
func ExampleStore_Close() {
	type Deposited struct{ Amount int }

	ctx, stop := context.WithCancel(context.Background()) // of a server: signal.NotifyContext
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	deposit := groupcommit.To("account-1", groupcommit.Any, groupcommit.JSON("Deposited", Deposited{Amount: 100}))
	future := store.Submit(context.WithoutCancel(ctx), deposit)

	stop() // now the context has ended, and Close wants one that has not
	if err := store.Close(context.WithoutCancel(ctx)); err != nil {
		log.Fatal(err)
	}
	result, err := future.Result()
	fmt.Println("position", result.First, err)

	_, err = store.Append(context.WithoutCancel(ctx), deposit)
	fmt.Println(errors.Is(err, groupcommit.ErrClosed))
	// Output:
	// position 1 <nil>
	// true
}

// A stream is read page by page, from its start or from where an earlier read ended.
func ExampleStore_ReadStream() {
	type Deposited struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	for _, amount := range []int{100, 20, 3} {
		deposited := groupcommit.JSON("Deposited", Deposited{Amount: amount})
		if _, err := store.Append(ctx, groupcommit.To("account-1", groupcommit.Any, deposited)); err != nil {
			log.Fatal(err)
		}
	}
	for event, err := range store.ReadStream(ctx, "account-1", groupcommit.After(1)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Version, event.Type, string(event.Data))
	}
	// Output:
	// 2 Deposited {"Amount":20}
	// 3 Deposited {"Amount":3}
}

// Verify proves that a log is as it must be, or tells what is wrong with it.
func ExampleStore_Verify() {
	type Deposited struct{ Amount int }

	ctx := context.Background()
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(ctx)

	deposited := groupcommit.JSON("Deposited", Deposited{Amount: 100})
	for _, stream := range []string{"account-1", "account-2", "account-1"} {
		if _, err := store.Append(ctx, groupcommit.To(stream, groupcommit.Any, deposited)); err != nil {
			log.Fatal(err)
		}
	}
	report, err := store.Verify(ctx)
	if err != nil {
		log.Fatal(err) // it could not be finished, which says nothing about the log
	}
	for _, finding := range report.Findings {
		fmt.Println(finding)
	}
	fmt.Println("sound:", report.Sound())
	fmt.Println(report.Events, "events of", report.Streams, "streams in", report.Commits, "commits")
	// Output:
	// sound: true
	// 3 events of 2 streams in 3 commits
}
