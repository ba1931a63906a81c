package telemetry

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Config of Telemetry. A zero field has its default.
type Config struct {
	// Name says in alerts which store this is, where there are several. Defaults to "groupcommit".
	Name string

	// Lags tells how far behind the log its readers are: Subscriptions(store), or a function of yours. It is called with each look at the metrics, the
	// readiness or the targets, by several goroutines, so it must not ask the database. Names are label values: let them be few and fixed.
	Lags func() []Lag

	// Projections are asked how far behind the log they are, every Interval, by a goroutine of telemetry: a *projection.Runner. Of all that its tables
	// know of, the live versions count, wherever they run; what Lags says of their subscriptions does not.
	Projections Projections

	// Ready says what is still good enough for /ready.
	Ready ReadyLimits

	// Targets are what the store is to achieve. The zero Targets are Production().
	Targets Targets

	// Hosts are the names under which the handlers serve, without port, beside localhost; an address needs none. Defaults to all names: the answers tell
	// no secrets, and only a deployment knows by which names Prometheus and probes come. With names, a request for another is refused, so that a
	// foreign page in an operator's browser cannot read them through a name of its own.
	Hosts []string

	// Interval is how often the targets are looked at; defaults to 5 s, at least 100 ms.
	Interval time.Duration

	// Window is the time over which they are judged, the newest that has passed; defaults to 1 min, at most 1 h and 3,600 looks, and is no less than Interval.
	Window time.Duration

	// Cooldown is how long nobody is told again of the same target, neither that it is missed nor that it is met again; defaults to 5 min.
	Cooldown time.Duration

	// Quiet begins with alerts switched off. SetAlerts switches them on.
	Quiet bool

	// Notify are told of alerts, each by a goroutine of its own: Slack, or a function of yours.
	Notify []Notifier

	// Logger is told of each alert, and of notifiers that fail, by their index in Notify. Defaults to discarding.
	Logger *slog.Logger
}

// ConfigError says which field of a Config cannot be used.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("telemetry: Config.%s: %s", e.Field, e.Reason)
}

const (
	defaultInterval = 5 * time.Second
	defaultWindow   = time.Minute

	minInterval = 100 * time.Millisecond
	maxWindow   = time.Hour
	maxLooks    = 3600 // in a window: each is kept
)

// check tells what cannot be meant.
func (c *Config) check() error {
	for _, number := range []struct {
		field    string
		negative bool
	}{
		{"Interval", c.Interval < 0}, {"Window", c.Window < 0}, {"Cooldown", c.Cooldown < 0},
		{"Ready.Timeout", c.Ready.Timeout < 0}, {"Ready.Stalled", c.Ready.Stalled < 0}, {"Ready.QueueFull", c.Ready.QueueFull < 0},
		{"Targets.MinCommands", c.Targets.MinCommands < 0}, {"Targets.MinEvents", c.Targets.MinEvents < 0},
		{"Targets.P50", c.Targets.P50 < 0}, {"Targets.P95", c.Targets.P95 < 0}, {"Targets.P99", c.Targets.P99 < 0},
		{"Targets.CPU", c.Targets.CPU < 0}, {"Targets.QueueFull", c.Targets.QueueFull < 0},
		{"Targets.Stalled", c.Targets.Stalled < 0}, {"Targets.Lag", c.Targets.Lag < 0},
	} {
		if number.negative {
			return &ConfigError{number.field, "it is negative"}
		}
	}
	if slices.ContainsFunc(c.Notify, func(n Notifier) bool { return n == nil }) {
		return &ConfigError{"Notify", "one of them is nil"}
	}
	return c.checkWindow()
}

func (c *Config) checkWindow() error {
	interval, window := cmp.Or(c.Interval, defaultInterval), cmp.Or(c.Window, defaultWindow)
	switch {
	case interval < minInterval || interval > maxWindow:
		return &ConfigError{"Interval", fmt.Sprintf("it is %v, and can be %v to %v", interval, minInterval, maxWindow)}
	case window > maxWindow:
		return &ConfigError{"Window", fmt.Sprintf("it is %v, at most %v is possible", window, maxWindow)}
	case window/interval > maxLooks:
		return &ConfigError{"Window", fmt.Sprintf("it is %v, in which the store is looked at %d times, at most %d are possible", window, window/interval, maxLooks)}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Name = cmp.Or(c.Name, "groupcommit")
	c.Ready = c.Ready.withDefaults()
	c.Targets = cmp.Or(c.Targets, Production())
	c.Interval = cmp.Or(c.Interval, defaultInterval)
	c.Window = max(cmp.Or(c.Window, defaultWindow), c.Interval)
	c.Cooldown = cmp.Or(c.Cooldown, 5*time.Minute)
	if c.Lags == nil {
		c.Lags = func() []Lag { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
