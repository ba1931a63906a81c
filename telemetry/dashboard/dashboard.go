package dashboard

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/telemetry"
)

// Source is what is shown: a *telemetry.Telemetry.
type Source interface {
	Snapshot() telemetry.Snapshot
}

// Config of a Dashboard. A zero field has its default.
type Config struct {
	// Interval is how often the page shows something new; defaults to 1 s, at least 100 ms and at most 5 s.
	Interval time.Duration

	// History is how far back the charts go, also those of a page that was just opened; defaults to 3 min, at most 1 h, and 3,600 points.
	History time.Duration

	// Hosts are the names under which the page is served, without port, beside localhost. An address, such as 127.0.0.1, needs none.
	Hosts []string

	// Controls are numbers that whoever sees the page may change. Defaults to none: then the page is only to be looked at.
	Controls []Control

	// Profiles serves the profiles of the process under debug/pprof/, for go tool pprof. Whoever gets them learns much, and makes it slower.
	Profiles bool
}

const (
	minInterval = 100 * time.Millisecond
	maxInterval = 5 * time.Second
	maxHistory  = time.Hour
	maxPoints   = 3600 // that a page which was just opened asks for
)

// ConfigError says which field of a Config cannot be used.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("dashboard: Config.%s: %s", e.Field, e.Reason)
}

func (c Config) withDefaults() Config {
	c.Interval = cmp.Or(c.Interval, time.Second)
	c.History = cmp.Or(c.History, 3*time.Minute)
	return c
}

func (c *Config) check() error {
	switch {
	case c.Interval < minInterval || c.Interval > maxInterval:
		return &ConfigError{"Interval", fmt.Sprintf("it is %v, and can be %v to %v", c.Interval, minInterval, maxInterval)}
	case c.History < c.Interval || c.History > maxHistory:
		return &ConfigError{"History", fmt.Sprintf("it is %v, and can be Interval to %v", c.History, maxHistory)}
	case c.History/c.Interval > maxPoints:
		return &ConfigError{"History", fmt.Sprintf("it has %d points, at most %d are possible", c.History/c.Interval, maxPoints)}
	}
	return checkControls(c.Controls)
}

// Dashboard keeps what the page shows. All its methods may be called by any number of goroutines.
type Dashboard struct {
	config Config
	source Source
	run    string // tells a page that the program was started anew

	mu       sync.Mutex // guards what is below; one goroutine writes it
	history  history
	snapshot telemetry.Snapshot // the newest

	closing sync.Once
	end     chan struct{}
	running sync.WaitGroup
}

var errNoSource = errors.New("dashboard: New needs a source to look at, and it is nil")

// New begins to keep what the page will show. It returns a *ConfigError where the configuration cannot be meant, and an error where there is no source.
// The caller closes what it returns, before the source or after it.
func New(source Source, config Config) (*Dashboard, error) {
	if source == nil {
		return nil, errNoSource
	}
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	d := &Dashboard{
		config:   config,
		source:   source,
		run:      rand.Text(),
		history:  history{room: int(config.History / config.Interval)},
		snapshot: source.Snapshot(),
		end:      make(chan struct{}),
	}
	d.running.Go(d.watch)
	return d, nil
}

// Close stops looking. The page stays as it is.
func (d *Dashboard) Close() {
	d.closing.Do(func() { close(d.end) })
	d.running.Wait()
}

func (d *Dashboard) watch() {
	ticker := time.NewTicker(d.config.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.look()
		case <-d.end:
			return
		}
	}
}

func (d *Dashboard) look() {
	next := d.source.Snapshot()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.history.add(between(&d.snapshot, &next))
	d.snapshot = next
}
