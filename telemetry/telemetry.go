package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry/internal/hosts"
)

// Store is what is looked at: a *groupcommit.Store.
type Store interface {
	Stats() stats.Stats
	Ping(context.Context) error
}

// Telemetry looks at one store. All its methods may be called by any number of goroutines.
type Telemetry struct {
	config Config
	store  Store
	set    *metrics.Set
	ready  readiness
	watch  watch

	projections projections

	end     context.CancelFunc
	running sync.WaitGroup // the watch, one goroutine for each notifier, and one that asks projections
}

var errNoStore = errors.New("telemetry: New needs a store to look at, and it is nil")

// New begins to look at a store. It returns a *ConfigError where the configuration cannot be meant, and an error where there is no store. The caller
// closes what it returns, before the store or after it.
func New(store Store, config Config) (*Telemetry, error) {
	if store == nil {
		return nil, errNoStore
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	t := &Telemetry{config: config.withDefaults(), store: store, set: metrics.NewSet(), ready: readiness{turn: make(chan struct{}, 1)}}
	t.set.RegisterMetricsWriter(t.writeMetrics)
	var ctx context.Context
	ctx, t.end = context.WithCancel(context.Background())
	t.start(ctx)
	if t.config.Projections != nil {
		t.running.Go(func() { t.projections.follow(ctx, &t.config) })
	}
	return t, nil
}

// Close stops looking and telling, and returns when nothing is left running. The handlers go on answering.
func (t *Telemetry) Close() {
	t.end()
	t.running.Wait()
}

// Set is where the metrics of the store are registered. A program may add metrics of its own; they are served with them.
func (t *Telemetry) Set() *metrics.Set { return t.set }

// Handler serves everything: /metrics, /health and /ready.
func (t *Telemetry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.Metrics())
	mux.Handle("GET /health", t.Health())
	mux.Handle("GET /ready", t.Ready())
	return mux
}

// Metrics serves the metrics of the store, of the process and of the Go runtime in the text format of Prometheus.
func (t *Telemetry) Metrics() http.Handler {
	return t.guarded(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		t.WriteMetrics(w)
	})
}

func (t *Telemetry) guarded(serve http.HandlerFunc) http.Handler {
	if len(t.config.Hosts) == 0 {
		return serve
	}
	return hosts.Only(t.config.Hosts, serve)
}

// WriteMetrics writes what Metrics serves.
func (t *Telemetry) WriteMetrics(w io.Writer) {
	t.set.WritePrometheus(w)
	metrics.WriteProcMetrics(w)
	metrics.WriteGoMetrics(w)
}
