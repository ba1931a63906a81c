package telemetry

import "github.com/groupcommit/groupcommit/reading"

// Subscriber is what subscribes: a *groupcommit.Store or a *groupcommit.Reader.
type Subscriber interface {
	Subscriptions() []reading.Progress
}

// Subscriptions tells how far behind the log the subscriptions are that groupcommit.Named gave a name, for Config.Lags. One that has ended with an error
// is stopped until another of its name begins.
func Subscriptions(of Subscriber) func() []Lag {
	return func() (lags []Lag) {
		for _, p := range of.Subscriptions() {
			if p.Name != "" {
				lags = append(lags, Lag{Name: p.Name, Events: p.Lag(), Age: p.Age(), Stopped: p.Err != nil})
			}
		}
		return lags
	}
}
