package dashboard_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
	"github.com/groupcommit/groupcommit/telemetry/dashboard"
)

// A service shows a page of its store on an address of its own, which only this machine reaches.
func Example() {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(context.Background())
	seen, err := telemetry.New(store, telemetry.Config{Name: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	defer seen.Close()
	page, err := dashboard.New(seen, dashboard.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer page.Close()

	operations := http.NewServeMux()
	operations.Handle("/", seen.Handler())
	operations.Handle("/dashboard/", http.StripPrefix("/dashboard", page.Handler()))

	server := httptest.NewServer(operations) // in place of http.ListenAndServe("127.0.0.1:8080", operations)
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/dashboard/")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output: 200 OK
}
