// Package telemetry shows a running store to the people and programs that look after it: metrics for Prometheus, health for whoever restarts
// and routes, and alerts for who wants to be told.
//
//	t, err := telemetry.New(store, telemetry.Config{Logger: logger, Lags: telemetry.Subscriptions(store)})
//	defer t.Close()
//	http.Handle("/", t.Handler()) // /metrics, /health, /ready
//
// All numbers come from Store.Stats, which the store keeps anyway: whether somebody looks makes no difference to it. There is no label whose
// values are users' data, such as a stream's name, so the number of series is fixed.
//
// What each metric means, and what to do about it, is in OPERATIONS.md. The endpoints tell no secrets, and yet how much is going on and what is
// wrong: serve them where only operators come.
package telemetry
