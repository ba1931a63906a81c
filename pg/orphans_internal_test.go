package pg

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// However often it is tried in an outage to end what may be left, it is told once, and again in the next outage.
func TestOrphansAreToldOncePerOutage(t *testing.T) {
	var told strings.Builder
	away := true
	dial := func(ctx context.Context, _ *session) (*pgx.Conn, error) {
		if away {
			return nil, errors.New("away")
		}
		return pgx.ConnectConfig(ctx, testConfig(t))
	}
	o := orphans{logger: slog.New(slog.NewTextHandler(&told, nil)), control: session{dial: dial, losses: new(atomic.Int64)}}
	defer o.drop()
	for outage := 1; outage <= 2; outage++ {
		away = true
		o.drop()
		o.add(t.Context(), process{1, time.Now()})
		for range 5 {
			o.reap(t.Context())
		}
		away = false
		o.reap(t.Context())
		if n := strings.Count(told.String(), "may be alive"); n != outage || len(o.alive) > 0 {
			t.Errorf("told %d times in %d outages, and %d are left:\n%s", n, outage, len(o.alive), &told)
		}
	}
}
