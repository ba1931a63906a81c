// Package deploy holds what is deployed beside a service that embeds groupcommit: alert rules for Prometheus and a dashboard for Grafana. Its
// tests hold both against the metrics that a live store serves, with the parsers of Prometheus.
package deploy
