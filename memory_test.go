package groupcommit_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit"
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

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
