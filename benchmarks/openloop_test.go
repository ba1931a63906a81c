package benchmarks

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// startOpenLoop sets clients to work in an open loop: so many commands a second fall due at random times (a Poisson process), whether or
// not those before are answered. Whichever client is free takes the next. Latency counts from when a command was due.
func startOpenLoop(ctx context.Context, clients []*client, perSecond float64) *load {
	l := newLoad(ctx)
	due := make(chan time.Time)
	for _, c := range clients {
		l.clients.Go(func() {
			for since := range due {
				l.command(c, since)
			}
		})
	}
	l.clients.Go(func() { l.arrivals(due, perSecond) })
	return l
}

// arrivals goes on until the load ends or a client has failed.
func (l *load) arrivals(due chan<- time.Time, perSecond float64) {
	defer close(due)
	for next := time.Now(); ; {
		next = next.Add(time.Duration(rand.ExpFloat64() / perSecond * float64(time.Second)))
		l.pause(time.Until(next))
		if l.ending.Load() || l.ctx.Err() != nil {
			return
		}
		due <- next
	}
}

func TestOpenLoopDoesNotWaitForAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients := newClients(t, 500, &store{streams: make([]string, 500)}, takesASecond)
		l := startOpenLoop(t.Context(), clients, 100)
		l.pause(time.Second)
		if rate := l.rate(100 * time.Second); rate < 90 || rate > 110 { // ten times the standard deviation
			t.Errorf("%v commands/s", rate)
		}
		if err := l.end(); err != nil {
			t.Error(err)
		}
		if all := latencies(clients); all[0] != time.Second || all[len(all)-1] != time.Second {
			t.Errorf("latencies from %s to %s", all[0], all[len(all)-1])
		}
	})
}

func TestOpenLoopCountsTheTimeInWhichNoClientWasFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients := newClients(t, 1, &store{streams: make([]string, 1)}, takesASecond)
		l := startOpenLoop(t.Context(), clients, 100)
		l.rate(20 * time.Second)
		if err := l.end(); err != nil {
			t.Error(err)
		}
		if all := latencies(clients); all[len(all)-1] < 15*time.Second {
			t.Errorf("the last of %d commands in turn took %s", len(all), all[len(all)-1])
		}
	})
}

func takesASecond(context.Context, string, int64) error {
	time.Sleep(time.Second)
	return nil
}
