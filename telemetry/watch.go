package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/groupcommit/groupcommit/stats"
)

// watch looks at the store every Config.Interval and judges it by its targets.
//
// One goroutine does so, watching. mu guards what it leaves for others to see, and what they switch.
type watch struct {
	rules    []rule
	channels []chan Alert // to each notifier; never closed

	mu      sync.Mutex
	window  window
	targets []Target
	loud    bool
	told    map[string]time.Time // when somebody was last told of a target that was missed
	owed    map[string]bool      // that it is met again is to be told
}

// start begins to watch and to tell, until ctx ends.
func (t *Telemetry) start(ctx context.Context) {
	w := &t.watch
	w.rules = t.config.Targets.rules()
	w.window.length = t.config.Window
	w.loud = !t.config.Quiet
	w.told, w.owed = make(map[string]time.Time), make(map[string]bool)
	for _, notify := range t.config.Notify {
		alerts := make(chan Alert, pendingAlerts)
		w.channels = append(w.channels, alerts)
		t.running.Go(func() { t.notify(ctx, notify, alerts) })
	}
	t.look()
	t.running.Go(func() { t.watching(ctx) })
}

func (t *Telemetry) watching(ctx context.Context) {
	ticker := time.NewTicker(t.config.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.look()
		case <-ctx.Done():
			return
		}
	}
}

// look takes a sample, judges the window that ends with it, and tells what is to be told.
func (t *Telemetry) look() {
	s := sample{stats: t.store.Stats(), usage: measureUsage()}
	s.stats.NewestCommits = nil // nobody asks the window for them
	for _, lag := range t.config.Lags() {
		s.lag = max(s.lag, lag.Age)
	}
	for _, alert := range t.judge(s) {
		t.tell(alert)
	}
}

func (t *Telemetry) judge(s sample) (alerts []Alert) {
	w := &t.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.window.add(s)
	before := w.targets
	w.targets = make([]Target, len(w.rules))
	for i := range w.rules {
		target := w.rules[i].judge(&w.window)
		if target.Missed {
			target.Since = s.stats.At
			if before != nil && before[i].Missed {
				target.Since = before[i].Since
			}
		}
		w.targets[i] = target
		if resolved, due := w.due(target, s.stats.At, t.config.Cooldown); due {
			alerts = append(alerts, Alert{Store: t.config.Name, Target: target, Resolved: resolved, At: s.stats.At})
		}
	}
	return alerts
}

// due tells whether somebody is to be told of a target. It is told when it is missed, and again after each cooldown while it is; that it is met
// again is told once, if it was told before.
func (w *watch) due(target Target, now time.Time, cooldown time.Duration) (resolved, due bool) {
	if !w.loud {
		return false, false
	}
	if !target.Missed {
		owed := w.owed[target.Name]
		delete(w.owed, target.Name)
		return true, owed
	}
	if last, ok := w.told[target.Name]; ok && now.Sub(last) < cooldown {
		return false, false
	}
	w.told[target.Name], w.owed[target.Name] = now, true
	return false, true
}

// SetAlerts switches alerts on or off. Targets are judged in either case. What was told before it was switched off is not resolved.
func (t *Telemetry) SetAlerts(on bool) {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	t.watch.loud = on
	if !on {
		clear(t.watch.owed)
	}
}

// Alerts tells whether alerts are switched on.
func (t *Telemetry) Alerts() bool {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	return t.watch.loud
}

// Targets is how the store does, as of the last look.
func (t *Telemetry) Targets() []Target {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	return slices.Clone(t.watch.targets)
}

// Rates is what the store has done in the window, as of the last look.
func (t *Telemetry) Rates() stats.Rates {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	return t.watch.window.rates()
}
