package benchmarks

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

const (
	settingsClients = 1000
	settingsTurn    = 2 * time.Second // so that checkpoints and what they cost are part of it
)

// serverSettings are lines of postgresql.conf that operators wonder about. The defaults are those of the throw-away servers: max_wal_size=2GB, a
// checkpoint every five minutes, shared_buffers=256MB, no compression, no delay.
var serverSettings = []struct {
	name       string
	values     map[string]string
	checkpoint bool // before each turn, as where checkpoint_timeout is short
}{
	{name: "default"},
	{name: "checkpoint=often", checkpoint: true},
	{name: "checkpoint=often,wal_compression=pglz", values: map[string]string{"wal_compression": "pglz"}, checkpoint: true},
	{name: "max_wal_size=64MB", values: map[string]string{"max_wal_size": "64MB", "min_wal_size": "32MB"}},
	{name: "shared_buffers=16MB", values: map[string]string{"shared_buffers": "16MB"}},
	{name: "shared_buffers=512MB", values: map[string]string{"shared_buffers": "512MB"}},
	{name: "commit_delay=1ms", values: map[string]string{"commit_delay": "1000", "commit_siblings": "1"}},
}

// BenchmarkSettings shows what settings of PostgreSQL do for a store of -storesize events: a server with one, in turn with a server of the defaults;
// x-default is the multiple of its rate, wal-B/event what goes to the write-ahead log. Each has a server of its own, whatever DATABASE_URL says.
func BenchmarkSettings(b *testing.B) {
	for _, setting := range serverSettings {
		b.Run(setting.name, func(b *testing.B) {
			set := openServer(b, setting.values)
			set.checkpoint = setting.checkpoint
			set.compare(b, openServer(b, nil))
		})
	}
}

// tuned is a store on a server of its own.
type tuned struct {
	conn       *pgx.Conn
	clients    []*client
	checkpoint bool
	wal        int64 // bytes of the write-ahead log that its turns have written
	events     float64
}

func openServer(b *testing.B, settings map[string]string) *tuned {
	url := pgtest.ServerWith(b, settings).URL()
	past := history{streams: *storeSize / streamLength, length: streamLength}
	s := openOn(b, url, "groupcommit", past, groupcommit.Config{}, *streamCount)
	conn := connect(b, url)
	mustExec(b, conn, "CHECKPOINT")
	return &tuned{conn: conn, clients: newClients(b, settingsClients, s, s.append)}
}

// compare lets both take turns.
func (t *tuned) compare(b *testing.B, other *tuned) {
	set := &contestant{turn: t.turn, forget: t.forget, clients: t.clients}
	compare(b, set, &contestant{turn: other.turn, forget: other.forget}, "x-default")
	b.ReportMetric(float64(t.wal)/t.events, "wal-B/event")
}

// turn works for a while and gives the commands/s.
func (t *tuned) turn(b *testing.B) float64 {
	if t.checkpoint {
		mustExec(b, t.conn, "CHECKPOINT")
	}
	l := startLoad(b.Context(), t.clients)
	l.await(int64(len(t.clients)) - 1)
	before := t.written(b)
	rate := l.rate(settingsTurn)
	t.wal += t.written(b) - before
	t.events += rate * settingsTurn.Seconds()
	l.record.Store(false)
	l.stop(b)
	return rate
}

func (t *tuned) forget() {
	t.wal, t.events = 0, 0
	forgetLatencies(t.clients)
}

// written is how much has gone to the write-ahead log.
func (t *tuned) written(b *testing.B) (bytes int64) {
	if err := t.conn.QueryRow(b.Context(), "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").Scan(&bytes); err != nil {
		b.Fatal(err)
	}
	return bytes
}
