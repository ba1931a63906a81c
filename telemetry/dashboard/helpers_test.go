package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgtest"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fake is a source that shows what it is told to.
type fake struct {
	mu       sync.Mutex
	snapshot telemetry.Snapshot
}

func (f *fake) Snapshot() telemetry.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.snapshot
	s.Stats.At = time.Now()
	return s
}

func (f *fake) set(change func(*telemetry.Snapshot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.snapshot)
}

// commits adds a commit of this many commands, each of one event.
func (f *fake) commits(commands uint64) {
	f.set(func(s *telemetry.Snapshot) {
		s.Stats.Commands.Committed += commands
		s.Stats.Events += commands
		s.Stats.Commits = stats.Histogram{Bounds: []float64{1}, Counts: []uint64{s.Stats.Commits.Count() + 1, 0}}
		s.Stats.Latency = stats.Histogram{Bounds: []float64{1}, Counts: []uint64{s.Stats.Commands.Committed, 0}}
	})
}

func start(t *testing.T, source Source, config Config) *Dashboard {
	t.Helper()
	d, err := New(source, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// request asks a handler as somebody on this machine does, but for what change says.
func request(h http.Handler, method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	return request(h, "GET", path, "", nil)
}
