package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Alert says that a target is missed, or that it is met again and has been for a whole window.
type Alert struct {
	Store    string // Config.Name
	Target   Target
	Resolved bool
	At       time.Time
}

// String is the alert in one line.
func (a Alert) String() string {
	if a.Resolved {
		return fmt.Sprintf("%s: %s: resolved", a.Store, a.Target.Name)
	}
	return fmt.Sprintf("%s: %s: %s", a.Store, a.Target.Name, a.Target.Message)
}

// Notifier tells somebody of an alert. It is called with one alert at a time, and given up when ctx ends; its error must hold no secrets: it is
// logged.
type Notifier func(ctx context.Context, alert Alert) error

// pendingAlerts is how many alerts wait for a notifier that is slow. What does not fit is dropped, and logged.
const pendingAlerts = 16

// tell hands an alert on, and waits for nobody.
func (t *Telemetry) tell(a Alert) {
	level := slog.LevelWarn
	if a.Resolved {
		level = slog.LevelInfo
	}
	t.config.Logger.Log(context.Background(), level, a.String(), "target", a.Target.Name, "resolved", a.Resolved)
	for i, alerts := range t.watch.channels {
		select {
		case alerts <- a:
		default:
			t.config.Logger.Error("groupcommit: an alert was dropped: its notifier is too slow", "notifier", place(i), "target", a.Target.Name)
		}
	}
}

// place names a notifier in the log.
func place(i int) string { return fmt.Sprintf("Notify[%d]", i) }

// notify is the goroutine of one notifier.
func (t *Telemetry) notify(ctx context.Context, i int, notify Notifier, alerts <-chan Alert) {
	for {
		select {
		case a := <-alerts:
			if err := notify(ctx, a); err != nil && ctx.Err() == nil {
				t.config.Logger.Error("groupcommit: an alert was not delivered", "notifier", place(i), "target", a.Target.Name, "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
