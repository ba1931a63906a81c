package groupcommit_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
	"github.com/groupcommit/groupcommit/internal/pgproxy"
	"github.com/groupcommit/groupcommit/internal/pgtest"
)

// What 10,000 commands leave behind, in a store that keeps all their events in memory, is less than 100 MiB.
func TestHeapAfterTenThousandCommands(t *testing.T) {
	store := openInMemory(t, groupcommit.Config{})
	data := []byte(`"` + strings.Repeat("x", 228) + `"`)
	before := liveHeap()
	futures := make([]*groupcommit.Future, 10_000)
	for i := range futures {
		cmd := groupcommit.To(fmt.Sprint("stream-", i), groupcommit.NoStream, groupcommit.Event{Type: "Happened", Data: data})
		cmd.ID = uuid.New()
		futures[i] = store.Submit(t.Context(), cmd)
	}
	if _, err := groupcommit.WaitAll(t.Context(), futures...); err != nil {
		t.Fatal(err)
	}
	if grown := liveHeap() - before; grown > 100<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	runtime.KeepAlive(futures)
}

var outageFor = flag.Duration("outage", time.Second, "how long the database is away in TestHeapInAnOutage, at least")

// The database goes away under load. However long that lasts and however much is turned away, what is live is what was live before and what the queue
// has room for. When it is back, work goes on.
func TestHeapInAnOutage(t *testing.T) {
	const queueBytes = 4 << 20
	const limit = 2 * queueBytes // with the batches that have left the queue, and what waits to enter it
	proxy := pgproxy.New(t, pgtest.URL(t), 0)
	store := openPostgres(t, groupcommit.Config{
		DatabaseURL: proxy.URL(), QueueBytes: queueBytes, BatchBytes: queueBytes / 8, RetryFor: 5 * time.Second, // a long outage is longer
	})
	load := startShedding(t, store)
	load.await(t, toldWritten, 20)
	before := load.liveHeap()

	proxy.Away(pgproxy.RST)
	proxy.Cut(pgproxy.RST)
	var highest int64
	for began, round := time.Now(), 0; time.Since(began) < *outageFor || round < 10; round++ {
		const some = 4 * limit / shedBytes / 10 // to keep those of all rounds, of either kind, would be far too much
		load.await(t, toldFull, some)
		load.await(t, toldLeft, some)
		highest = max(highest, load.liveHeap()-before)
	}
	if highest > limit {
		t.Errorf("the heap has grown by %d bytes, more than %d", highest, limit)
	}
	proxy.Back()
	load.await(t, toldWritten, 1)
	load.end()
	t.Logf("%d bytes were live, and up to %d more in the outage; told: %v", before, highest, load.counts)
	sound(t, store)
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
