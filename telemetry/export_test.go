package telemetry

// HastySlack is Slack that does not pause between two tries.
func HastySlack(webhook string) Notifier { return slack(webhook, 0) }
