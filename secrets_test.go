package groupcommit_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/telemetry"
)

// heard is all that was said to somebody. mu guards text.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *heard) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *heard) error(err error) {
	if err != nil {
		_, _ = s.Write([]byte(err.Error() + "\n"))
	}
}

// Commands fail in every way that there is, with the same secret in the password, in data and in metadata. It is in no error, in no line of the log,
// and nowhere in what telemetry serves.
func TestSecretsAreNotTold(t *testing.T) {
	var told heard
	logger := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	schema := pgtest.Schema(t)
	config := groupcommit.Config{
		DatabaseURL: proxy.URL() + "&password=canary", Schema: schema, ApplicationName: schema, Logger: logger, SkipJSONCheck: true, RetryFor: time.Second,
		Hooks: groupcommit.Hooks{Failed: func(_ groupcommit.FailureClass, err error) { told.error(err) }},
	}
	store := openPostgres(t, config)
	seen, err := telemetry.New(store, telemetry.Config{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	secret := groupcommit.Event{Type: "Secret", Data: []byte(`"canary"`), Metadata: []byte(`"canary"`)}
	bad := groupcommit.Event{Type: "Secret", Data: []byte(`canary`), Metadata: []byte(`canary`)}
	cmd := groupcommit.To("s", groupcommit.Any, secret)
	cmd.ID = uuid.New()
	mustAppend(t, store, cmd)

	fails := func(cmd groupcommit.Command, targets ...error) {
		t.Helper()
		_, err := store.Append(t.Context(), cmd)
		if err == nil {
			t.Errorf("%v has succeeded", cmd.Streams)
		}
		wantIs(t, err, targets...)
		told.error(err)
	}
	fails(groupcommit.To("s", groupcommit.NoStream, secret))
	fails(groupcommit.To("s", groupcommit.Any, bad))
	fails(groupcommit.To("", groupcommit.Any, secret))
	other := cmd
	other.Streams = groupcommit.To("s", groupcommit.Any, secret, secret).Streams
	fails(other)

	commit := func(f *pgproxy.Frame) bool { return f.From == pgproxy.Frontend && f.Type == 'S' }
	trap := proxy.On(commit, 1, pgproxy.Cut(pgproxy.After, pgproxy.RST)) // in doubt, and settled
	mustAppend(t, store, groupcommit.To("s", groupcommit.Any, secret))
	trap.Remove()
	pgtest.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", schema)
	mustAppend(t, store, groupcommit.To("s", groupcommit.Any, secret))

	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.RST)
	fails(groupcommit.To("s", groupcommit.Any, secret), groupcommit.ErrNotWritten)
	_, err = store.StreamVersion(t.Context(), "s")
	wantIs(t, err, groupcommit.ErrUnavailable)
	told.error(err)
	told.error(wantNotOpened(t, t.Context(), config))
	for _, path := range []string{"/metrics", "/ready", "/health"} {
		response := httptest.NewRecorder()
		seen.Handler().ServeHTTP(response, httptest.NewRequest("GET", path, nil))
		_, _ = told.Write(response.Body.Bytes())
	}
	proxy.Back()
	if err := store.Close(t.Context()); err != nil {
		t.Error(err)
	}
	fails(groupcommit.To("s", groupcommit.Any, secret), groupcommit.ErrClosed)

	told.mu.Lock()
	defer told.mu.Unlock()
	for line := range strings.Lines(told.text.String()) {
		if strings.Contains(line, "canary") {
			t.Error("told: ", line)
		}
	}
	for _, expected := range []string{"expected", "invalid input syntax", "groupcommit_", "level="} {
		if !strings.Contains(told.text.String(), expected) {
			t.Errorf("%q was not told: is all of it here?\n%s", expected, &told.text)
		}
	}
}
