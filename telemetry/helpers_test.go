package telemetry_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/internal/storetest"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fake is a store that says what it is told to.
type fake struct {
	mu    sync.Mutex
	stats stats.Stats
	ping  func(context.Context) error
	pings int
}

func (f *fake) Stats() stats.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.At = time.Now()
	return s
}

func (f *fake) Ping(ctx context.Context) error {
	f.mu.Lock()
	f.pings++
	ping := f.ping
	f.mu.Unlock()
	if ping == nil {
		return nil
	}
	return ping(ctx)
}

func (f *fake) set(change func(*stats.Stats)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.stats)
}

// look looks at a store for as long as the test runs.
func look(t testing.TB, store telemetry.Store, config telemetry.Config) *telemetry.Telemetry {
	t.Helper()
	seen, err := telemetry.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(seen.Close)
	return seen
}

func openStore(t *testing.T, config groupcommit.Config) *groupcommit.Store {
	t.Helper()
	config.DatabaseURL, config.Migrate = pgtest.URL(t), true
	if config.Schema == "" {
		config.Schema = pgtest.Schema(t)
	}
	return storetest.Opened(t)(groupcommit.Open(t.Context(), config))
}

func get(t testing.TB, seen *telemetry.Telemetry, path string) *httptest.ResponseRecorder {
	t.Helper()
	response := httptest.NewRecorder()
	seen.Handler().ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	return response
}

// scrape gives every sample at /metrics by its name and labels, as they stand there.
func scrape(t testing.TB, seen *telemetry.Telemetry) map[string]float64 {
	t.Helper()
	samples := make(map[string]float64)
	for line := range strings.Lines(get(t, seen, "/metrics").Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		series, text, found := cutLast(strings.TrimSuffix(line, "\n"))
		number, err := strconv.ParseFloat(text, 64)
		if _, twice := samples[series]; err != nil || !found || twice {
			t.Fatalf("%q: no sample, or a second one", line)
		}
		samples[series] = number
	}
	return samples
}

func cutLast(line string) (before, after string, found bool) {
	at := strings.LastIndexByte(line, ' ')
	if at < 0 {
		return line, "", false
	}
	return line[:at], line[at+1:], true
}

// format writes a number as it stands in a label.
func format(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }
