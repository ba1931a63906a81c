package telemetry_test

import (
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/stats"
	"github.com/groupcommit/groupcommit/telemetry"
)

func TestSnapshot(t *testing.T) {
	store := &fake{}
	store.set(func(s *stats.Stats) { s.Events = 7 })
	lag := telemetry.Lag{Name: "orders", Events: 3, Age: time.Second}
	seen := look(t, store, telemetry.Config{Name: "shop", Lags: func() []telemetry.Lag { return []telemetry.Lag{lag} }})
	store.set(func(s *stats.Stats) { s.Events = 9 })
	got := seen.Snapshot()
	if got.Name != "shop" || got.Stats.Events != 9 || got.Memory == 0 || len(got.Lags) != 1 || got.Lags[0] != lag || len(got.Targets) == 0 || got.Window != time.Minute {
		t.Errorf("%+v", got)
	}
}
