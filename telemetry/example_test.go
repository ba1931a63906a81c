package telemetry_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/telemetry"
)

// A service shows its store to those who look after it.
func Example() {
	store, err := groupcommit.OpenInMemory(groupcommit.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close(context.Background())

	targets := telemetry.Production()
	targets.MinEvents = 0 // one event a command is usual here
	seen, err := telemetry.New(store, telemetry.Config{
		Targets: targets,
		Lags:    telemetry.Subscriptions(store), // those that groupcommit.Named gives a name
		Logger:  slog.New(slog.DiscardHandler),
		Notify: []telemetry.Notifier{func(_ context.Context, alert telemetry.Alert) error {
			fmt.Println(alert)
			return nil
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer seen.Close()

	service := http.NewServeMux()
	service.Handle("/operations/", http.StripPrefix("/operations", seen.Handler()))

	response := httptest.NewRecorder() // in place of a server
	service.ServeHTTP(response, httptest.NewRequest("GET", "/operations/ready", nil))
	fmt.Println(response.Code, response.Body)
	// Output:
	// 200 {"ok":true,"checks":[{"name":"database","ok":true},{"name":"writing","ok":true},{"name":"queue","ok":true},{"name":"commits","ok":true}]}
}
