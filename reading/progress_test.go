package reading_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/reading"
)

// A subscription that has never been at the end is as far behind as its oldest event is old, from when it has that in its hands.
func TestAgeOfABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, owner, _, chain := newReader(t, reading.Config{})
		defer owner.Stop()
		for range 3 {
			chain.Append(conformance.Events("s", 1))
			time.Sleep(time.Hour)
		}
		events := 0
		check := func(lag int64, age time.Duration) {
			t.Helper()
			all := r.Subscriptions()
			if len(all) != 1 || all[0].Lag() != lag || all[0].Age().Round(time.Second) != age {
				t.Errorf("with %d events in hand: %d events, %v behind; want %d, %v", events, all[0].Lag(), all[0].Age(), lag, age)
			}
		}
		for range r.Subscribe(t.Context(), 0, reading.PageSize(1)) {
			events++
			switch events {
			case 1:
				check(3, 3*time.Hour)
			case 2:
				time.Sleep(time.Minute)
				check(2, 2*time.Hour+time.Minute)
			case 3:
				go func() { // somebody appends when it has been at the end for a while
					time.Sleep(time.Hour)
					check(0, 0)
					chain.Append(conformance.Events("s", 1))
					owner.Appended(4)
				}()
			case 4:
				time.Sleep(time.Minute)
				check(1, time.Minute)
				return
			}
		}
	})
}

// A subscription that has ended with an error stands there with it, and falls behind, until another of its name begins. One that was left does not.
func TestEndedSubscriptionsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, fail := errors.New("broken"), true
		r, owner, _, chain := newReader(t, reading.Config{Upcast: func(e command.RecordedEvent) (command.RecordedEvent, error) {
			if fail {
				return e, broken
			}
			return e, nil
		}})
		defer owner.Stop()
		chain.Append(conformance.Events("s", 1))
		first := func() (failed error) {
			for _, err := range r.Subscribe(t.Context(), 0, reading.Named("orders")) {
				return err
			}
			return nil
		}
		if err := first(); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		owner.Appended(7)
		all := r.Subscriptions()
		if len(all) != 1 || all[0].Name != "orders" || !errors.Is(all[0].Err, broken) || all[0].Lag() != 7 || all[0].Age() != time.Hour {
			t.Errorf("got %+v", all)
		}
		fail = false
		if err := first(); err != nil {
			t.Fatal(err)
		}
		if all := r.Subscriptions(); len(all) != 0 {
			t.Errorf("got %+v", all)
		}
	})
}

// However many names end, few are remembered.
func TestFewEndedSubscriptionsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, owner, _, chain := newReader(t, reading.Config{Upcast: func(e command.RecordedEvent) (command.RecordedEvent, error) {
			return e, errors.New("broken")
		}})
		defer owner.Stop()
		chain.Append(conformance.Events("s", 1))
		for i := range 200 {
			for range r.Subscribe(t.Context(), 0, reading.Named(string(rune('a'+i)))) {
				break
			}
		}
		if n := len(r.Subscriptions()); n != 100 {
			t.Errorf("%d are remembered", n)
		}
	})
}
