package telemetry

import "time"

// HastySlack is Slack that does not pause between two tries, and gives each this time.
func HastySlack(address string, timeout time.Duration) Notifier {
	return webhook{address: address, timeout: timeout}.notify
}
