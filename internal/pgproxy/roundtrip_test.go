package pgproxy_test

import (
	"io"
	"testing"
	"time"

	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// Nothing comes back before its time. How much later it comes is for BenchmarkRoundTrip to say.
func TestRoundTrip(t *testing.T) {
	const roundTrip = 5 * time.Millisecond
	conn := connect(t, pgproxy.New(t, pgtest.URL(t), roundTrip))
	for range 10 {
		wantNotBefore(t, roundTrip, func() { exec(t, conn, "SELECT 1") })
	}
}

// While something is on its way, what comes behind it is on its way too.
func TestRoundTripIsPipelined(t *testing.T) {
	proxy := pgproxy.New(t, listen(t).url(), time.Hour)
	const messages = 100
	seen := make(chan struct{}, messages)
	proxy.On(func(f *pgproxy.Frame) bool {
		if f.Type == 'S' {
			seen <- struct{}{}
		}
		return false
	}, pgproxy.Every, pgproxy.Fault{})
	conn := dial(t, proxy)
	if _, err := io.WriteString(conn, startupPacket); err != nil {
		t.Fatal(err)
	}
	for range messages {
		if _, err := io.WriteString(conn, "S\x00\x00\x00\x04"); err != nil {
			t.Fatal(err)
		}
		<-seen // by the proxy, and nothing has arrived
	}
}
