package benchmarks

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// BenchmarkRoundTrip moves the server away: all connections go through a proxy that adds a round trip, and for rtt=0 directly. Ours takes
// turns with one transaction per command. rtt-ms is what the round trip really is, before the turns: the median time of a statement that is
// no work.
func BenchmarkRoundTrip(b *testing.B) {
	for _, rtt := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		for _, clients := range []int{1, 100, 4000} {
			b.Run(fmt.Sprintf("rtt=%v/clients=%d", rtt, clients), func(b *testing.B) { benchmarkRoundTrip(b, rtt, clients) })
		}
	}
}

// rivalClients keep all connections of the rival busy. More would only wait for one, and every turn for them to be done.
const rivalClients = 5 * rivalConnections

func benchmarkRoundTrip(b *testing.B, rtt time.Duration, clients int) {
	url := pgtest.URL(b)
	if rtt > 0 {
		url = pgproxy.New(b, url, rtt).URL()
	}
	s := openStore(b, groupcommit.Config{DatabaseURL: url}, *streamCount)
	rival := newRival(b, s, newRivalPool(b, url), "tx")
	tx := newContestant(newClients(b, min(clients, rivalClients), s, rival.transact))
	ours := newContestant(newClients(b, clients, s, s.append))
	measured := measureRoundTrip(b, url)
	takeTurns(b, tx, ours)
	tx.report(b, "tx-commands/s")
	ours.report(b, "commands/s")
	b.ReportMetric(ours.times(tx), "x-tx")
	b.ReportMetric(milliseconds(measured), "rtt-ms")
	reportLatencies(b, ours.clients)
}

func measureRoundTrip(b *testing.B, url string) time.Duration {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.Background())
	trips := make([]time.Duration, 200)
	for i := range trips {
		sent := time.Now()
		if _, err := conn.Exec(b.Context(), "SELECT 1"); err != nil {
			b.Fatal(err)
		}
		trips[i] = time.Since(sent)
	}
	slices.Sort(trips)
	return percentile(trips, 50)
}
