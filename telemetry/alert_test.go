package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

// onlyP95 looks at one target, so that no other is in the way.
var onlyP95 = telemetry.Targets{P95: 50 * time.Millisecond}

// told collects alerts. All of a test is in one bubble, and what was told is complete after synctest.Wait.
type told struct{ alerts []string }

func (n *told) notify(_ context.Context, a telemetry.Alert) error {
	state := "missed"
	if a.Resolved {
		state = "resolved"
	}
	n.alerts = append(n.alerts, a.Target.Name+" "+state)
	return nil
}

func (n *told) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(n.alerts, want) {
		t.Errorf("told %q, want %q", n.alerts, want)
	}
	n.alerts = nil
}

// load is a fake store whose commands take as long as they are said to: so many at each call of run.
type load struct {
	*fake
	latency *stats.Meter
}

func newLoad() *load { return &load{fake: &fake{}, latency: stats.NewDurations()} }

func (l *load) run(commands int, took time.Duration) {
	for range commands {
		l.latency.Observe(int64(took))
	}
	l.set(func(s *stats.Stats) {
		s.Latency = l.latency.Histogram()
		s.Commands.Committed += uint64(commands)
		s.Events += uint64(commands)
	})
}

// through lets time pass, with the same load in the middle of every second: nobody looks at that very moment.
func (l *load) through(d time.Duration, commands int, took time.Duration) {
	for range d / time.Second {
		time.Sleep(time.Second / 2)
		l.run(commands, took)
		time.Sleep(time.Second / 2)
	}
}

// A target that is missed is told once, again after each cooldown, and resolved when the window is good again.
func TestAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		seen := look(t, store, telemetry.Config{Targets: onlyP95, Notify: []telemetry.Notifier{n.notify}})
		store.through(2*time.Minute, 100, 5*time.Millisecond)
		n.want(t)
		store.through(20*time.Second, 100, 200*time.Millisecond)
		n.want(t, "latency_p95 missed")
		if missed := target(t, seen, "latency_p95"); !missed.Missed || !missed.Judged || missed.Since.IsZero() {
			t.Errorf("got %+v", missed)
		}
		store.through(4*time.Minute, 100, 200*time.Millisecond)
		n.want(t)
		store.through(6*time.Minute, 100, 200*time.Millisecond)
		n.want(t, "latency_p95 missed", "latency_p95 missed")
		store.through(90*time.Second, 100, 5*time.Millisecond)
		n.want(t)
		store.through(5*time.Minute, 100, 5*time.Millisecond)
		n.want(t, "latency_p95 resolved")
		store.through(time.Hour, 100, 5*time.Millisecond)
		n.want(t)
	})
}

// What comes and goes is told once a cooldown, whether it is missed or met, and what was told last is true.
func TestAlertFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		look(t, store, telemetry.Config{
			Targets: onlyP95, Window: 10 * time.Second, Cooldown: 10 * time.Minute, Notify: []telemetry.Notifier{n.notify},
		})
		for range 5 {
			store.through(30*time.Second, 10, time.Second)
			store.through(30*time.Second, 10, time.Millisecond)
		}
		n.want(t, "latency_p95 missed")
		store.through(10*time.Minute, 10, time.Millisecond)
		n.want(t, "latency_p95 resolved")
		store.through(20*time.Second, 10, time.Second)
		n.want(t, "latency_p95 missed")
	})
}

// A target that is met at one look is not resolved by that.
func TestResolvedAfterAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		look(t, store, telemetry.Config{
			Targets: telemetry.Targets{Stalled: time.Minute}, Cooldown: time.Second, Notify: []telemetry.Notifier{n.notify},
		})
		stalled := func(d time.Duration) { store.set(func(s *stats.Stats) { s.Stalled = d }) }
		stalled(time.Minute)
		store.through(4*time.Second, 0, 0)
		n.want(t)
		store.through(2*time.Second, 0, 0)
		n.want(t, "stalled missed")
		for range 5 {
			stalled(0)
			store.through(30*time.Second, 0, 0)
			n.want(t)
			stalled(time.Minute)
			store.through(5*time.Second, 0, 0)
			n.want(t, "stalled missed")
		}
		stalled(0)
		store.through(55*time.Second, 0, 0)
		n.want(t)
		store.through(10*time.Second, 0, 0)
		n.want(t, "stalled resolved")
	})
}

// In an outage nothing is answered, and so the last that was judged stands: nobody is told that all is well.
func TestOutageResolvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		seen := look(t, store, telemetry.Config{Targets: onlyP95, Notify: []telemetry.Notifier{n.notify}})
		store.through(2*time.Minute, 100, time.Second)
		n.want(t, "latency_p95 missed")
		before := target(t, seen, "latency_p95")
		store.through(time.Hour, 0, 0)
		n.want(t)
		if now := target(t, seen, "latency_p95"); now.Judged || !now.Missed || now.Since != before.Since || now.Message != before.Message {
			t.Errorf("got %+v, and before %+v", now, before)
		}
		store.through(10*time.Minute, 100, time.Millisecond)
		n.want(t, "latency_p95 resolved")
	})
}

func target(t *testing.T, seen *telemetry.Telemetry, name string) telemetry.Target {
	t.Helper()
	for _, target := range seen.Targets() {
		if target.Name == name {
			return target
		}
	}
	t.Fatalf("there is no target %s", name)
	return telemetry.Target{}
}

// What is taken for a moment only is no miss: the window is judged, not the look.
func TestPeaksAreNoMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		var ages atomic.Pointer[[]telemetry.Lag]
		ages.Store(&[]telemetry.Lag{})
		seen := look(t, store, telemetry.Config{
			Targets: telemetry.Targets{QueueFull: 0.5, Lag: time.Minute}, Notify: []telemetry.Notifier{n.notify},
			Lags: func() []telemetry.Lag { return *ages.Load() },
		})
		peak := func(commands int, lags ...time.Duration) {
			store.set(func(s *stats.Stats) { s.Queue = stats.Queue{Commands: commands, MaxCommands: 100, MaxBytes: 1} })
			ages.Store(&[]telemetry.Lag{{Name: "orders", Age: lags[0]}, {Name: "mails", Age: lags[1]}})
		}
		for range 10 { // somebody is always far behind, but nobody always
			peak(60, time.Hour, 0)
			store.through(30*time.Second, 0, 0)
			peak(10, 0, time.Hour)
			store.through(30*time.Second, 0, 0)
		}
		n.want(t)
		peak(60, 70*time.Second, time.Second)
		store.through(50*time.Second, 0, 0)
		n.want(t)
		store.through(20*time.Second, 0, 0)
		lag := target(t, seen, "lag")
		if !lag.Missed || lag.Value != 70 || lag.Message != "the reader orders is 1m10s behind the log, and should be less than 1m0s" {
			t.Errorf("got %+v", lag)
		}
		if queue := target(t, seen, "queue"); !queue.Missed || queue.Value != 0.6 {
			t.Errorf("got %+v", queue)
		}
	})
}

func TestAlertsAreSwitched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		seen := look(t, store, telemetry.Config{Targets: onlyP95, Quiet: true, Notify: []telemetry.Notifier{n.notify}})
		store.through(time.Minute, 10, time.Second)
		n.want(t)
		if seen.Alerts() || !slices.ContainsFunc(seen.Targets(), func(t telemetry.Target) bool { return t.Missed }) {
			t.Error("targets are not judged while alerts are off")
		}
		seen.SetAlerts(true)
		store.through(time.Minute, 10, time.Second)
		n.want(t, "latency_p95 missed")
		seen.SetAlerts(false)
		store.through(time.Hour, 10, time.Millisecond)
		n.want(t)
		seen.SetAlerts(true)
		store.through(time.Minute, 10, time.Millisecond)
		n.want(t)
	})
}

// That little is done is no fault of a store that has little to do.
func TestLowThroughput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		seen := look(t, store, telemetry.Config{
			Targets: telemetry.Targets{MinCommands: 100, MinEvents: 50}, Notify: []telemetry.Notifier{n.notify},
		})
		store.through(5*time.Minute, 60, time.Millisecond)
		n.want(t)
		store.set(func(s *stats.Stats) { s.Queue.Commands = 3 })
		store.through(30*time.Second, 60, time.Millisecond)
		n.want(t) // not for a whole window yet
		store.through(time.Minute, 60, time.Millisecond)
		n.want(t, "commands missed")
		store.through(2*time.Minute, 40, time.Millisecond)
		n.want(t, "events missed")
		store.set(func(s *stats.Stats) { s.Queue.Commands = 0 })
		store.through(10*time.Minute, 40, time.Millisecond)
		n.want(t, "commands resolved", "events resolved")
		if idle := target(t, seen, "commands"); idle.Judged || idle.Missed || idle.Message != "nothing waits" {
			t.Errorf("got %+v", idle)
		}
	})
}

// Callers who come one at a time leave nothing waiting, however slow they are.
func TestSequentialCallerIsNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		look(t, store, telemetry.Config{Targets: telemetry.Targets{MinCommands: 100}, Notify: []telemetry.Notifier{n.notify}})
		store.set(func(s *stats.Stats) { s.InFlight = 1 })
		store.through(10*time.Minute, 80, 12*time.Millisecond)
		n.want(t)
		store.set(func(s *stats.Stats) { s.Queue.Commands, s.Uncounted = 1, true })
		store.through(10*time.Minute, 0, 0)
		n.want(t) // nobody knows how many are committed
	})
}

// The start of a process, and a slow command now and then, say nothing of the latency.
func TestFewCommandsAreNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLoad()
		seen := look(t, store, telemetry.Config{Targets: telemetry.Targets{P50: time.Millisecond, P99: time.Millisecond, CPU: 1e-9}})
		judged := func() (names string) {
			for _, target := range seen.Targets() {
				if target.Judged {
					names += target.Name + " "
				} else if target.Message == "" {
					t.Errorf("%s does not say why it is not judged", target.Name)
				}
			}
			return names
		}
		for _, step := range []struct {
			length   time.Duration
			commands int // a second
			want     string
		}{
			{50 * time.Second, 100, "stopped "},
			{20 * time.Second, 100, "stopped latency_p50 latency_p99 cpu "},
			{2 * time.Minute, 0, "stopped cpu "},
			{2 * time.Minute, 1, "stopped latency_p50 cpu "},
		} {
			store.through(step.length, step.commands, time.Second)
			if got := judged(); got != step.want {
				t.Errorf("after %v of %d/s: %q are judged, want %q", step.length, step.commands, got, step.want)
			}
		}
	})
}

func TestEachTarget(t *testing.T) {
	for name, spoil := range map[string]func(*fake, *telemetry.Config){
		"stopped": func(f *fake, _ *telemetry.Config) { f.stats.Stopped = groupcommit.ErrForeignRow },
		"queue": func(f *fake, _ *telemetry.Config) {
			f.stats.Queue = stats.Queue{Commands: 99, MaxCommands: 100, MaxBytes: 1}
		},
		"stalled": func(f *fake, _ *telemetry.Config) { f.stats.Stalled = time.Minute },
		"lag": func(_ *fake, c *telemetry.Config) {
			c.Lags = func() []telemetry.Lag { return []telemetry.Lag{{Name: "orders", Age: time.Hour}} }
		},
		"memory": func(_ *fake, c *telemetry.Config) { c.Targets.Memory = 1 },
	} {
		synctest.Test(t, func(t *testing.T) {
			store, n := &fake{}, &told{}
			config := telemetry.Config{Targets: telemetry.Production(), Notify: []telemetry.Notifier{n.notify}}
			config.Targets.CPU = 0 // of a fake minute, the process works in no time
			config.Targets.MinCommands, config.Targets.MinEvents = 0, 0
			config.Targets.Memory = 1 << 40
			spoil(store, &config)
			look(t, store, config)
			time.Sleep(2 * time.Minute)
			n.want(t, name+" missed")
		})
	}
}

// An outcome that is unknown, or that nothing was written, is told while it is in the window.
func TestCommandsThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		look(t, store, telemetry.Config{Targets: telemetry.Targets{Unknown: 1, NotWritten: 3}, Notify: []telemetry.Notifier{n.notify}})
		store.through(time.Hour, 0, 0)
		store.set(func(s *stats.Stats) { s.Commands.Unknown++ })
		store.through(time.Hour, 0, 0)
		n.want(t, "outcome_unknown missed", "outcome_unknown resolved")
		store.set(func(s *stats.Stats) { s.Commands.NotWritten += 2 })
		store.through(time.Hour, 0, 0)
		n.want(t)
		store.set(func(s *stats.Stats) { s.Commands.NotWritten += 3 })
		store.through(time.Hour, 0, 0)
		n.want(t, "not_written missed", "not_written resolved")
	})
}

// A notifier that is stuck holds up neither the others nor the judging, and Close ends it.
func TestStuckNotifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, n := newLoad(), &told{}
		stuck := func(ctx context.Context, _ telemetry.Alert) error { <-ctx.Done(); return ctx.Err() }
		var log bytes.Buffer
		seen := look(t, store, telemetry.Config{
			Targets: onlyP95, Cooldown: time.Second, Notify: []telemetry.Notifier{stuck, n.notify}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		store.through(3*time.Minute, 10, time.Second)
		synctest.Wait()
		if len(n.alerts) < 20 || !strings.Contains(log.String(), "too slow\" notifier=Notify[0]") {
			t.Errorf("told %d times, log:\n%s", len(n.alerts), log.String())
		}
		seen.Close()
	})
}

// The logger hears of each alert, and of notifiers that fail.
func TestAlertsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		store := newLoad()
		look(t, store, telemetry.Config{
			Name: "ledger", Targets: onlyP95, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Notify: []telemetry.Notifier{
				func(context.Context, telemetry.Alert) error { return nil },
				func(context.Context, telemetry.Alert) error { return errors.New("nobody is there") },
			},
		})
		store.through(2*time.Minute, 10, 80*time.Millisecond)
		store.through(10*time.Minute, 10, time.Millisecond)
		synctest.Wait()
		for _, want := range []string{"level=WARN msg=\"ledger: latency_p95: P95 of the commands is ", "less than 50ms", "level=INFO msg=\"ledger: latency_p95: resolved",
			"notifier=Notify[1] target=latency_p95 error=\"nobody is there\""} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %q in:\n%s", want, log.String())
			}
		}
	})
}

// What is told says how it is and how it should be.
func TestTargetsInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLoad()
		store.stats.Queue = stats.Queue{Commands: 95, MaxCommands: 100, MaxBytes: 1}
		store.stats.Stopped = groupcommit.ErrForeignRow
		seen := look(t, store, telemetry.Config{Targets: telemetry.Production()})
		store.through(2*time.Minute, 25, 2*time.Second)
		words := make(map[string]string)
		for _, target := range seen.Targets() {
			words[target.Name] = target.Message
		}
		for name, want := range map[string]string{
			"commands": "25/s commands are committed, and should be 100/s, while more wait",
			"queue":    "95 % of the queue's room is taken, and should be less than 90 %",
			"stopped":  groupcommit.ErrForeignRow.Error() + ": nothing is written any more, and a person has to look",
		} {
			if words[name] != want {
				t.Errorf("%s: got %q, want %q", name, words[name], want)
			}
		}
		if p95 := words["latency_p95"]; !strings.HasSuffix(p95, "s, and should be less than 50ms") {
			t.Errorf("got %q", p95)
		}
	})
}
