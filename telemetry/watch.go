package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"
)

// watch looks at the store every Config.Interval and judges it by its targets.
//
// One goroutine does so, watching. mu guards what it leaves for others to see, and what they switch.
type watch struct {
	rules    []rule
	channels []chan Alert // to each notifier; never closed

	mu      sync.Mutex
	window  window
	targets []Target // of the rules, in their order
	notices []notice // of the same
	loud    bool
}

// start begins to watch and to tell, until ctx ends.
func (t *Telemetry) start(ctx context.Context) {
	w := &t.watch
	w.rules = t.config.Targets.rules()
	w.window.length = t.config.Window
	w.loud = !t.config.Quiet
	w.targets, w.notices = make([]Target, len(w.rules)), make([]notice, len(w.rules))
	for i, notify := range t.config.Notify {
		alerts := make(chan Alert, pendingAlerts)
		w.channels = append(w.channels, alerts)
		t.running.Go(func() { t.notify(ctx, i, notify, alerts) })
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
	s := sample{stats: t.store.Stats(), usage: measureUsage(), lags: t.lags()}
	s.stats.NewestCommits = nil // nobody asks the window for them
	for _, alert := range t.judge(s) {
		t.tell(alert)
	}
}

func (t *Telemetry) judge(s sample) (alerts []Alert) {
	w, now := &t.watch, s.stats.At
	w.mu.Lock()
	defer w.mu.Unlock()
	w.window.add(s)
	for i := range w.rules {
		target := w.rules[i].judge(&w.window, &w.targets[i])
		w.targets[i] = target
		if known := target.Judged || w.rules[i].idle; !known || !w.loud {
			continue
		}
		if notice := &w.notices[i]; target.Missed && notice.missed(now, t.config.Cooldown) ||
			!target.Missed && notice.resolved(now, t.config.Window, t.config.Cooldown) {
			alerts = append(alerts, Alert{Store: t.config.Name, Target: target, Resolved: !target.Missed, At: now})
		}
	}
	return alerts
}

// SetAlerts switches alerts on or off. Targets are judged in either case. What was told before it was switched off is not resolved.
func (t *Telemetry) SetAlerts(on bool) {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	t.watch.loud = on
	if !on {
		clear(t.watch.notices)
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
