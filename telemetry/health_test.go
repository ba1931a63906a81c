package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func decode(t *testing.T, response *httptest.ResponseRecorder) telemetry.Health {
	t.Helper()
	var h telemetry.Health
	if err := json.Unmarshal(response.Body.Bytes(), &h); err != nil {
		t.Fatal(err)
	}
	if want := map[bool]int{true: 200, false: 503}[h.OK]; response.Code != want || response.Header().Get("Content-Type") != "application/json" {
		t.Errorf("status %d, %v, of %+v", response.Code, response.Header(), h)
	}
	return h
}

// failed gives the names of the checks that have failed, and the reasons of all.
func failed(h telemetry.Health) (names, reasons string) {
	for _, c := range h.Checks {
		if !c.OK {
			names += c.Name + ","
		}
		reasons += c.Reason
	}
	return strings.TrimSuffix(names, ","), reasons
}

func TestReady(t *testing.T) {
	store := openStore(t, groupcommit.Config{})
	seen := look(t, store, telemetry.Config{})
	for _, path := range []string{"/health", "/ready"} {
		if h := decode(t, get(t, seen, path)); !h.OK {
			t.Errorf("%s: %+v", path, h)
		}
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := look(t, store, telemetry.Config{})
	if names, reasons := failed(decode(t, get(t, again, "/ready"))); names != "database" || !strings.Contains(reasons, "closed") {
		t.Errorf("after Close: %q, %q", names, reasons)
	}
	if h := decode(t, get(t, again, "/health")); !h.OK {
		t.Errorf("after Close: %+v", h)
	}
}

// Each thing that is wrong is told, and by itself makes the store not ready; it is alive all the same.
func TestNotReady(t *testing.T) {
	wrong := map[string]func(*fake, *telemetry.Config){
		"database": func(f *fake, _ *telemetry.Config) {
			f.ping = func(context.Context) error { return errors.New("refused") }
		},
		"writing": func(f *fake, _ *telemetry.Config) { f.stats.Stopped = groupcommit.ErrLostCommits },
		"queue": func(f *fake, _ *telemetry.Config) {
			f.stats.Queue = stats.Queue{Commands: 1, MaxCommands: 100, Bytes: 90, MaxBytes: 100}
		},
		"commits": func(f *fake, _ *telemetry.Config) { f.stats.Stalled = time.Minute },
		"reader orders": func(_ *fake, c *telemetry.Config) {
			c.Lags = func() []telemetry.Lag {
				return []telemetry.Lag{{Name: "orders", Events: 9, Age: time.Hour}, {Name: "mails"}}
			}
		},
	}
	for want, spoil := range wrong {
		store, config := &fake{}, telemetry.Config{}
		spoil(store, &config)
		seen := look(t, store, config)
		if names, reasons := failed(decode(t, get(t, seen, "/ready"))); names != want || reasons == "" {
			t.Errorf("got %q because of %q, want %q", names, reasons, want)
		}
		if h := decode(t, get(t, seen, "/health")); !h.OK {
			t.Errorf("%s: not alive", want)
		}
	}
}

// A database that does not answer holds nobody up for longer than the timeout, and is asked once however many want to know.
func TestReadyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fake{ping: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		seen := look(t, store, telemetry.Config{Ready: telemetry.ReadyLimits{Timeout: 3 * time.Second}})
		began := time.Now()
		for range 10 {
			go func() {
				if h := seen.CheckReady(t.Context()); h.OK {
					t.Error("ready")
				}
			}()
		}
		synctest.Wait()
		if h := seen.CheckReady(t.Context()); h.OK || time.Since(began) != 3*time.Second || store.pings != 1 {
			t.Errorf("%+v after %v and %d questions", h, time.Since(began), store.pings)
		}
		store.ping = nil
		time.Sleep(2 * time.Second)
		if h := seen.CheckReady(t.Context()); !h.OK || store.pings != 2 {
			t.Errorf("%+v after %d questions", h, store.pings)
		}
	})
}

// What is served tells nothing of the connection, whatever the driver says.
func TestHealthKeepsSecrets(t *testing.T) {
	server := pgtest.Server(t)
	schema := "events"
	store, err := groupcommit.Open(t.Context(), groupcommit.Config{
		DatabaseURL: server.URL() + "&password=canary", Schema: schema, Migrate: true, ApplicationName: "canary-name",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(context.Background())
	if err := server.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := look(t, store, telemetry.Config{Targets: telemetry.Development()})
	served := get(t, seen, "/ready").Body.String() + get(t, seen, "/health").Body.String() + get(t, seen, "/metrics").Body.String()
	if h := seen.CheckReady(t.Context()); h.OK {
		t.Error("ready without a database")
	}
	for _, secret := range []string{"canary", "postgres://", "user=", "host=", "/tmp/", "password"} {
		if strings.Contains(served, secret) {
			t.Errorf("%q is served", secret)
		}
	}
}

// A store whose schema was changed under it is not ready, and says what to do.
func TestReadySeesTheSchema(t *testing.T) {
	schema := pgtest.Schema(t)
	seen := look(t, openStore(t, groupcommit.Config{Schema: schema}), telemetry.Config{})
	pgtest.Exec(t, "DROP TABLE "+schema+".command_ids")
	if names, reasons := failed(decode(t, get(t, seen, "/ready"))); names != "database" || !strings.Contains(reasons, "command_ids") {
		t.Errorf("got %q, %q", names, reasons)
	}
}
