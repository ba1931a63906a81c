package groupcommit_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/telemetry"
)

// canary is in every password and payload, and must not be told by anybody.
const canary = "canary"

var secret = groupcommit.Event{Type: "Secret", Data: []byte(`"` + canary + `"`), Metadata: []byte(`"` + canary + `"`)}

// heard is all that was said to somebody. mu guards text.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) error(err error) {
	if err != nil {
		_, _ = h.Write([]byte(err.Error() + "\n"))
	}
}

// everything has a store that is opened with it tell all that it can to h.
func (h *heard) everything(config groupcommit.Config) groupcommit.Config {
	config.DatabaseURL += "&password=" + canary
	config.Logger = slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug}))
	config.Hooks = groupcommit.Hooks{Failed: func(_ groupcommit.FailureClass, err error) { h.error(err) }, Stopped: h.error}
	return config
}

// fails has a command fail, with errors that are these.
func (h *heard) fails(t *testing.T, store *groupcommit.Store, cmd groupcommit.Command, targets ...error) {
	t.Helper()
	_, err := store.Append(t.Context(), cmd)
	if err == nil {
		t.Errorf("%v has succeeded", cmd.Streams)
	}
	wantIs(t, err, targets...)
	h.error(err)
}

// asks looks at all that telemetry serves.
func (h *heard) asks(seen *telemetry.Telemetry) {
	for _, path := range []string{"/metrics", "/ready", "/health"} {
		response := httptest.NewRecorder()
		seen.Handler().ServeHTTP(response, httptest.NewRequest("GET", path, nil))
		_, _ = h.Write(response.Body.Bytes())
	}
}

// wantNoSecrets checks that the canary was not told, and that all of these were.
func (h *heard) wantNoSecrets(t *testing.T, expected ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for line := range strings.Lines(h.text.String()) {
		if strings.Contains(line, canary) {
			t.Error("told: ", line)
		}
	}
	for _, text := range append(expected, "groupcommit_", "level=") {
		if !strings.Contains(h.text.String(), text) {
			t.Errorf("%q was not told: is all of it here?\n%s", text, &h.text)
		}
	}
}

// lookAfter has telemetry look at a store until the test ends.
func lookAfter(t *testing.T, store *groupcommit.Store, logger *slog.Logger) *telemetry.Telemetry {
	t.Helper()
	seen, err := telemetry.New(store, telemetry.Config{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(seen.Close)
	return seen
}

// Commands fail in every way that there is, with the same secret in the password, in data and in metadata. It is in no error, in no line of the log,
// and nowhere in what telemetry serves.
func TestSecretsAreNotTold(t *testing.T) {
	var told heard
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	schema := pgtest.Schema(t)
	config := told.everything(groupcommit.Config{DatabaseURL: proxy.URL(), Schema: schema, ApplicationName: schema, SkipJSONCheck: true, RetryFor: time.Second})
	store := openPostgres(t, config)
	seen := lookAfter(t, store, config.Logger)
	cmd := identified(groupcommit.To("s", groupcommit.Any, secret))
	mustAppend(t, store, cmd)

	told.fails(t, store, groupcommit.To("s", groupcommit.NoStream, secret))
	told.fails(t, store, groupcommit.To("s", groupcommit.Any, groupcommit.Event{Type: "Secret", Data: []byte(canary), Metadata: []byte(canary)}))
	told.fails(t, store, groupcommit.To("", groupcommit.Any, secret))
	other := cmd
	other.Streams = groupcommit.To("s", groupcommit.Any, secret, secret).Streams
	told.fails(t, store, other)

	commit := func(f *pgproxy.Frame) bool { return f.From == pgproxy.Frontend && f.Type == 'S' }
	trap := proxy.On(commit, 1, pgproxy.Cut(pgproxy.After, pgproxy.RST)) // in doubt, and settled
	mustAppend(t, store, groupcommit.To("s", groupcommit.Any, secret))
	trap.Remove()
	pgtest.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", schema)
	mustAppend(t, store, groupcommit.To("s", groupcommit.Any, secret))

	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.RST)
	told.fails(t, store, groupcommit.To("s", groupcommit.Any, secret), groupcommit.ErrNotWritten)
	_, err := store.StreamVersion(t.Context(), "s")
	wantIs(t, err, groupcommit.ErrUnavailable)
	told.error(err)
	told.error(wantNotOpened(t, t.Context(), config))
	told.asks(seen)
	proxy.Back()
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	told.fails(t, store, groupcommit.To("s", groupcommit.Any, secret), groupcommit.ErrClosed)
	told.wantNoSecrets(t, "expected", "invalid input syntax")
}

// The same where the worst has happened, and a person is told to look.
func TestSecretsAreNotToldToWhoHasToLook(t *testing.T) {
	for _, worst := range []struct {
		err    error
		said   string
		befall func(t *testing.T, proxy *pgproxy.Proxy, schema string)
	}{
		{groupcommit.ErrOutcomeUnknown, "stays unknown", func(_ *testing.T, proxy *pgproxy.Proxy, _ string) {
			success := pgproxy.Message(pgproxy.Backend, 'C', "INSERT")
			proxy.On(func(f *pgproxy.Frame) bool { return success(f) || f.From == pgproxy.Backend && f.Type == 'E' }, pgproxy.Every, pgproxy.Cut(pgproxy.Before, pgproxy.RST))
			proxy.Away(pgproxy.RST)
		}},
		{groupcommit.ErrForeignRow, "writing has stopped", func(t *testing.T, _ *pgproxy.Proxy, schema string) { insertForeign(t, schema, 3, 1) }},
		{groupcommit.ErrLostCommits, "writing has stopped", func(t *testing.T, _ *pgproxy.Proxy, schema string) { loseCommits(t, schema, 1) }},
	} {
		t.Run(worst.err.Error(), func(t *testing.T) {
			var told heard
			proxy := pgproxy.New(t, pgtest.URL(t), 0)
			config := told.everything(groupcommit.Config{DatabaseURL: proxy.URL(), Schema: pgtest.Schema(t), RetryFor: 100 * time.Millisecond})
			store := openPostgres(t, config)
			seen := lookAfter(t, store, config.Logger)
			for range 2 {
				mustAppend(t, store, identified(groupcommit.To("s", groupcommit.Any, secret)))
			}
			worst.befall(t, proxy, config.Schema)
			told.fails(t, store, identified(groupcommit.To("s", groupcommit.Exact(2), secret)), worst.err)
			told.error(store.Stats().Stopped)
			told.asks(seen)
			told.wantNoSecrets(t, worst.err.Error(), worst.said)
		})
	}
}
