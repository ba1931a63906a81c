// Package dashboard is a page that shows a running store: live charts of throughput, latency, memory and streams, how commands share commits,
// the newest commits, and a light for each target.
//
//	page, err := dashboard.New(seen, dashboard.Config{}) // seen is a *telemetry.Telemetry
//	defer page.Close()
//	mux.Handle("/dashboard/", http.StripPrefix("/dashboard", page.Handler()))
//
// It is not served unless a program serves it. Serve it on a loopback address, or behind whatever lets only operators through: it tells no
// payload, no name of a stream and no secret, and yet how much is going on.
//
// The page comes with everything that it needs, so it works without any other network. Its content security policy lets it load from, and talk to,
// nothing but its own origin, and run no script but its own; what it shows is set as text. Requests for a host name that is not known are
// refused, so that a foreign page cannot reach a loopback address by a name of its own.
package dashboard
