package memlog_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
	"github.com/groupcommit/groupcommit/internal/conformance"
	"github.com/groupcommit/groupcommit/memlog"
	"github.com/groupcommit/groupcommit/reading"
)

func TestConformance(t *testing.T) {
	for dataType, newLog := range map[command.DataType]func() *memlog.Log{
		command.DataJSONB: memlog.New,
		command.DataBytea: memlog.NewBytea,
	} {
		t.Run(string(dataType), func(t *testing.T) {
			conformance.Run(t, dataType, func(*testing.T) func() conformance.Store {
				log := newLog()
				return func() conformance.Store { return log.Process() }
			})
		})
	}
}

// Each commit breaks several rules; the one that PostgreSQL finds first is told.
func TestOrderOfFailures(t *testing.T) {
	known, stranger := uuid.New(), uuid.New()
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	chain.Append(conformance.Events("stream", 4))
	last := chain.Next(conformance.Events("stream", 4)).WithIDs(known)
	chain.Commit(last)

	for _, c := range []struct {
		name   string
		parent committer.Point
		stale  bool
		ids    []uuid.UUID
		want   committer.Class
	}{
		{"followed, another commit, stale, recorded", committer.Point{Position: 4, Commit: stranger}, true, []uuid.UUID{known}, committer.Moved},
		{"before the genesis", committer.Point{Position: -1, Commit: stranger}, true, []uuid.UUID{known}, committer.Moved},
		{"inside a commit, stale, recorded", committer.Point{Position: 6, Commit: last.Commit.ID}, true, []uuid.UUID{known}, committer.Recorded},
		{"inside a commit, stale", committer.Point{Position: 6, Commit: last.Commit.ID}, true, nil, committer.Taken},
		{"another commit at the end, stale, recorded", committer.Point{Position: 8, Commit: stranger}, true, []uuid.UUID{known}, committer.Recorded},
		{"another commit at the end, stale", committer.Point{Position: 8, Commit: stranger}, true, nil, committer.Stale},
		{"another commit at the end, recorded", committer.Point{Position: 8, Commit: stranger}, false, []uuid.UUID{known}, committer.Recorded},
		{"beyond the end, recorded", committer.Point{Position: 9, Commit: last.Commit.ID}, false, []uuid.UUID{known}, committer.Recorded},
		{"another commit at the end", committer.Point{Position: 8, Commit: stranger}, false, nil, committer.Lost},
		{"nowhere near the log", committer.Point{Position: -10, Commit: stranger}, false, nil, committer.Lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			step := chain.Next(conformance.Events("new", 1), conformance.Events("stream", 1)).WithIDs(c.ids...)
			step.Commit.Parent = c.parent
			if c.stale {
				step.Commit.Rows[1].Version = 1
			}
			failure := wantFailure(t, log.Append(t.Context(), step.Commit, nil), c.want)
			if row := map[bool]int{true: 1, false: -1}[c.want == committer.Stale]; failure.Row != row {
				t.Errorf("row %d, want %d", failure.Row, row)
			}
		})
	}
	if snapshot, err := log.Look(t.Context(), committer.Query{}); err != nil || snapshot.End != last.Commit.End() {
		t.Errorf("the log ends at %v, %v; want %v", snapshot.End, err, last.Commit.End())
	}
}

// A unique index lets versions have gaps and come in any order. Reading is by version all the same.
func TestVersionsAreOnlyUnique(t *testing.T) {
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	for _, version := range []int64{5, 9, 2, 7} {
		step := chain.Next(conformance.Events("stream", 1))
		step.Commit.Rows[0].Version = version
		chain.Commit(step)
	}
	events, err := log.Read(t.Context(), reading.Selection{Stream: "stream", After: 2, UpTo: math.MaxInt64, Limit: 2})
	if err != nil || len(events) != 2 || events[0].Version != 5 || events[1].Version != 7 {
		t.Errorf("after version 2: %+v, %v", events, err)
	}
	events, err = log.Read(t.Context(), reading.Selection{Stream: "stream", After: 6, UpTo: math.MaxInt64, Limit: 10})
	if err != nil || len(events) != 2 || events[0].Version != 7 || events[1].Version != 9 {
		t.Errorf("after version 6, which is a gap: %+v, %v", events, err)
	}
	if version, err := log.StreamVersion(t.Context(), "stream"); err != nil || version != 9 {
		t.Errorf("version %d, %v; want 9", version, err)
	}
	step := chain.Next(conformance.Events("stream", 1))
	step.Commit.Rows[0].Version = 5
	wantFailure(t, log.Append(t.Context(), step.Commit, nil), committer.Stale)
}

func TestJSONIsKeptByteForByte(t *testing.T) {
	log := memlog.New()
	event := command.Event{Type: "Spaced", Data: []byte(`{ "b":1,  "a" : 1e2, "a":2 }`), Metadata: []byte("\t{}\n")}
	conformance.NewChain(t, log).Append(command.StreamWrite{Stream: "stream", Events: []command.Event{event}})
	events, err := log.Read(t.Context(), reading.Selection{After: 0, UpTo: math.MaxInt64, Limit: 1})
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if string(events[0].Data) != string(event.Data) || string(events[0].Metadata) != string(event.Metadata) {
		t.Errorf("data %q, metadata %q", events[0].Data, events[0].Metadata)
	}
}

func TestLookForgets(t *testing.T) {
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	genesis := chain.End()
	chain.Append(conformance.Events("a", 4000))
	chain.Append(conformance.Events("b", 6000))
	snapshot, err := log.Look(t.Context(), committer.Query{Since: genesis})
	want := []command.StreamVersion{{Stream: "a", Version: 4000}, {Stream: "b", Version: 6000}}
	if err != nil || snapshot.Forgotten || !slices.Equal(snapshot.Moved, want) {
		t.Errorf("10,000 events back: moved %v, forgotten %t, %v", snapshot.Moved, snapshot.Forgotten, err)
	}
	chain.Append(conformance.Events("a", 1))
	snapshot, err = log.Look(t.Context(), committer.Query{Since: genesis})
	if err != nil || !snapshot.Forgotten || len(snapshot.Moved) != 0 {
		t.Errorf("10,001 events back: moved %v, forgotten %t, %v", snapshot.Moved, snapshot.Forgotten, err)
	}
}

// Readers see whole commits, whatever is written meanwhile.
func TestReadersAmongWriters(t *testing.T) {
	const commits, rows = 200, 5
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for seen := 0; seen < commits*rows; {
				events, err := log.Read(t.Context(), reading.Selection{After: 0, UpTo: math.MaxInt64, Limit: commits * rows})
				if err != nil || len(events)%rows != 0 || len(events) < seen {
					t.Errorf("%d events after %d, %v", len(events), seen, err)
					return
				}
				seen = len(events)
				runtime.Gosched()
			}
		})
	}
	for i := range commits {
		chain.Append(conformance.Events(fmt.Sprintf("stream-%d", i%7), rows))
	}
	wg.Wait()
}

func TestMemoryOfTenThousandCommands(t *testing.T) {
	data := []byte(`"` + strings.Repeat("x", 228) + `"`)
	log := memlog.New()
	chain := conformance.NewChain(t, log)
	before := heap()
	for i := range 10_000 {
		event := command.Event{Type: "Happened", Data: data}
		write := command.StreamWrite{Stream: fmt.Sprintf("stream-%d", i%1000), Events: []command.Event{event}}
		chain.Commit(chain.Next(write).WithIDs(uuid.New()))
	}
	grown := heap() - before
	runtime.KeepAlive(log)
	if grown > 16<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func wantFailure(t *testing.T, err error, class committer.Class) *committer.Failure {
	t.Helper()
	failure, ok := errors.AsType[*committer.Failure](err)
	if !ok || failure.Class != class {
		t.Fatalf("got %v, want a failure of class %q", err, class)
	}
	return failure
}
