package telemetry

import (
	"net/http"
	"time"
)

// HastySlack is Slack that does not pause between two tries, and gives each this time.
func HastySlack(address string, timeout time.Duration) Notifier {
	return webhook{client: http.DefaultClient, address: address, timeout: timeout}.notify
}

// Samples is how many looks are kept.
func Samples(t *Telemetry) int {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	return len(t.watch.window.samples)
}
