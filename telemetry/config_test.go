package telemetry_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/telemetry"
)

func TestNoStore(t *testing.T) {
	if _, err := telemetry.New(nil, telemetry.Config{}); err == nil {
		t.Error("there is no store to look at")
	}
}

// What cannot be meant is refused at once, and by its name.
func TestConfigErrors(t *testing.T) {
	for field, configs := range map[string][]telemetry.Config{
		"Interval":          {{Interval: -time.Second}, {Interval: time.Millisecond}, {Interval: 2 * time.Hour}},
		"Window":            {{Window: -1}, {Window: 2 * time.Hour}, {Interval: 100 * time.Millisecond, Window: time.Hour}},
		"Cooldown":          {{Cooldown: -time.Minute}},
		"Ready.Timeout":     {{Ready: telemetry.ReadyLimits{Timeout: -1}}},
		"Ready.Stalled":     {{Ready: telemetry.ReadyLimits{Stalled: -1}}},
		"Ready.QueueFull":   {{Ready: telemetry.ReadyLimits{QueueFull: -1}}},
		"Targets.P50":       {{Targets: telemetry.Targets{P50: -1}}},
		"Targets.P95":       {{Targets: telemetry.Targets{P95: -1}}},
		"Targets.P99":       {{Targets: telemetry.Targets{P99: -1}}},
		"Targets.Stalled":   {{Targets: telemetry.Targets{Stalled: -1}}},
		"Targets.Lag":       {{Targets: telemetry.Targets{Lag: -1}}},
		"Targets.CPU":       {{Targets: telemetry.Targets{CPU: -1}}},
		"Targets.QueueFull": {{Targets: telemetry.Targets{QueueFull: -1}}},
		"Notify":            {{Notify: []telemetry.Notifier{nil}}},
	} {
		for i, config := range configs {
			t.Run(fmt.Sprint(field, i), func(t *testing.T) {
				seen, err := telemetry.New(&fake{}, config)
				if problem, ok := errors.AsType[*telemetry.ConfigError](err); !ok || problem.Field != field {
					t.Errorf("error %v", err)
				}
				if seen != nil {
					seen.Close()
				}
			})
		}
	}
}
