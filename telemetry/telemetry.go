package telemetry

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry/internal/hosts"
)

// Store is what is looked at: a *groupcommit.Store.
type Store interface {
	Stats() stats.Stats
	Ping(context.Context) error
}

// Config of Telemetry. A zero field has its default.
type Config struct {
	// Name says in alerts which store this is, where there are several. Defaults to "groupcommit".
	Name string

	// Lags tells how far behind the log its readers are: Subscriptions(store), or a function of yours. It is called with each look at the metrics, the
	// readiness or the targets, by several goroutines, so it must not ask the database. Names are label values: let them be few and fixed.
	Lags func() []Lag

	// Projections are asked how far behind the log they are, every Interval, by a goroutine of telemetry: a *projection.Runner. Of all that its tables
	// know of, the live versions count, wherever they run.
	Projections Projections

	// Ready says what is still good enough for /ready.
	Ready ReadyLimits

	// Targets are what the store is to achieve. The zero Targets are Production().
	Targets Targets

	// Hosts are the names under which the handlers serve, without port, beside localhost; an address needs none. Defaults to all names: the answers tell
	// no secrets, and only a deployment knows by which names Prometheus and probes come. With names, a request for another is refused, so that a
	// foreign page in an operator's browser cannot read them through a name of its own.
	Hosts []string

	// Interval is how often the targets are looked at; defaults to 5 s.
	Interval time.Duration

	// Window is the time over which they are judged, the newest that has passed; defaults to 1 min, and to no less than Interval.
	Window time.Duration

	// Cooldown is how long nobody is told again of the same target, neither that it is missed nor that it is met again; defaults to 5 min.
	Cooldown time.Duration

	// Quiet begins with alerts switched off. SetAlerts switches them on.
	Quiet bool

	// Notify are told of alerts, each by a goroutine of its own: Slack, or a function of yours.
	Notify []Notifier

	// Logger is told of each alert, and of notifiers that fail. Defaults to discarding.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Name = cmp.Or(c.Name, "groupcommit")
	c.Ready = c.Ready.withDefaults()
	c.Targets = cmp.Or(c.Targets, Production())
	c.Interval = cmp.Or(c.Interval, 5*time.Second)
	c.Window = max(cmp.Or(c.Window, time.Minute), c.Interval)
	c.Cooldown = cmp.Or(c.Cooldown, 5*time.Minute)
	if c.Lags == nil {
		c.Lags = func() []Lag { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
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

// New begins to look at a store. The caller closes what it returns, before the store or after it.
func New(store Store, config Config) *Telemetry {
	t := &Telemetry{config: config.withDefaults(), store: store, set: metrics.NewSet(), ready: readiness{turn: make(chan struct{}, 1)}}
	t.set.RegisterMetricsWriter(t.writeMetrics)
	var ctx context.Context
	ctx, t.end = context.WithCancel(context.Background())
	t.start(ctx)
	if t.config.Projections != nil {
		t.running.Go(func() { t.projections.follow(ctx, &t.config) })
	}
	return t
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
