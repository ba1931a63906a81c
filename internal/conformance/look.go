package conformance

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/groupcommit/groupcommit/command"
	"github.com/groupcommit/groupcommit/committer"
)

func lookVersions(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	long := fmt.Sprintf("%0255d", 7)
	chain.Append(Events("a", 1), Events("b", 7), Events(long, 2))
	chain.Append(Events("long", 2000))
	chain.Append(Events("b", 1))
	for _, c := range []struct {
		streams []string
		want    []int64
	}{
		{nil, nil},
		{[]string{}, nil},
		{[]string{"a"}, []int64{1}},
		{[]string{"missing"}, []int64{0}},
		{[]string{"b", "missing", "a", "", "long", "lon", "long ", long}, []int64{8, 0, 1, 0, 2000, 0, 0, 2}},
		{[]string{long, "long", "b", "a"}, []int64{2, 2000, 8, 1}},
	} {
		snapshot := look(t, store, committer.Query{Streams: c.streams})
		if !slices.Equal(snapshot.Versions, c.want) {
			t.Errorf("versions of %q: %v, want %v", c.streams, snapshot.Versions, c.want)
		}
		if snapshot.End != chain.End() {
			t.Errorf("asked for %q, the log ends at %v, want %v", c.streams, snapshot.End, chain.End())
		}
	}
}

func lookThousand(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	var streams []string
	var writes []command.StreamWrite
	for i := range 1000 {
		stream := uuid.NewString()
		streams = append(streams, stream)
		if n := i % 4; n > 0 {
			writes = append(writes, Events(stream, n))
		}
	}
	chain.Append(writes...)
	rand.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
	snapshot := look(t, store, committer.Query{Streams: streams})
	if len(snapshot.Versions) != len(streams) {
		t.Fatalf("got %d versions, want %d", len(snapshot.Versions), len(streams))
	}
	for i, stream := range streams {
		if snapshot.Versions[i] != chain.Version(stream) {
			t.Fatalf("stream %d is at version %d, want %d", i, snapshot.Versions[i], chain.Version(stream))
		}
	}
}

func lookEnd(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	for _, rows := range []int{1, 4, 20} {
		step := chain.Append(Events("stream", rows))
		for _, query := range []committer.Query{
			{},
			{Since: step.Commit.Parent},
			{Streams: []string{"stream", "missing"}},
			{IDs: []uuid.UUID{uuid.New()}},
			{Since: step.Commit.End(), Streams: []string{"missing"}, IDs: []uuid.UUID{uuid.New()}},
		} {
			snapshot := look(t, store, query)
			if snapshot.End != step.Commit.End() {
				t.Errorf("%+v: the log ends at %v, want %v", query, snapshot.End, step.Commit.End())
			}
			if !snapshot.EndTime.Equal(step.Commit.Time) {
				t.Errorf("%+v: it ends at the time %v, want %v", query, snapshot.EndTime, step.Commit.Time)
			}
		}
	}
}

func lookRecords(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	chain.Append(Events("before", 3))
	step := chain.Next(Events("a", 2), Events("b", 1)).WithIDs(uuid.New(), uuid.New(), uuid.New())
	records := step.Commit.Records
	records[0].First, records[0].Last, records[0].Versions = 4, 5, []int64{2}
	records[1].First, records[1].Last, records[1].Versions = 6, 6, []int64{0, 1, 1 << 40}
	chain.Commit(step)
	chain.Append(Events("a", 1))
	for _, record := range records {
		sameRecord(t, store, record)
	}

	missing := uuid.New()
	snapshot := look(t, store, committer.Query{IDs: []uuid.UUID{missing, records[2].ID, records[0].ID}})
	if len(snapshot.Records) != 2 {
		t.Errorf("got %d records, want 2", len(snapshot.Records))
	}
	if _, found := snapshot.Records[missing]; found {
		t.Error("a record was found for an ID that has none")
	}
	for _, i := range []int{0, 2} {
		if difference := recordDifference(snapshot.Records[records[i].ID], records[i]); difference != "" {
			t.Errorf("record %d among others: %s", i, difference)
		}
	}
}

// sameRecord looks for one record alone.
func sameRecord(t *testing.T, store Store, want committer.Record) {
	t.Helper()
	records := look(t, store, committer.Query{IDs: []uuid.UUID{want.ID}}).Records
	if len(records) != 1 {
		t.Fatalf("got %d records, want 1", len(records))
	}
	if difference := recordDifference(records[want.ID], want); difference != "" {
		t.Errorf("record: %s", difference)
	}
}

// recordDifference is the first field in which two records differ, or "".
func recordDifference(got, want committer.Record) string {
	switch {
	case got.ID != want.ID:
		return fmt.Sprintf("ID %s, want %s", got.ID, want.ID)
	case got.Fingerprint != want.Fingerprint:
		return fmt.Sprintf("fingerprint %x, want %x", got.Fingerprint, want.Fingerprint)
	case got.First != want.First || got.Last != want.Last:
		return fmt.Sprintf("positions %d to %d, want %d to %d", got.First, got.Last, want.First, want.Last)
	case !slices.Equal(got.Versions, want.Versions):
		return fmt.Sprintf("versions %v, want %v", got.Versions, want.Versions)
	case !got.CommittedAt.Equal(want.CommittedAt):
		return fmt.Sprintf("committed at %v, want %v", got.CommittedAt, want.CommittedAt)
	default:
		return ""
	}
}

// lookMoved asks from every commit of a log what moved since.
func lookMoved(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	points := []committer.Point{chain.End()}
	for _, writes := range [][]command.StreamWrite{
		{Events("a", 1), Events("b", 1)},
		{Events("c", 3)},
		{Events("a", 2)},
		{Events("d", 1), Events("a", 1), Events("d", 1)},
		{Events("odd \\N 'name'", 1)},
		{Events("b", 1)},
	} {
		chain.Append(writes...)
		points = append(points, chain.End())
	}
	events := readAll(t, store, 0, all)
	for _, since := range points {
		snapshot := look(t, store, committer.Query{Since: since, Streams: []string{"a"}})
		sameMoved(t, fmt.Sprintf("since position %d", since.Position), snapshot.Moved, newest(events, since.Position))
		if snapshot.Forgotten {
			t.Errorf("since position %d: forgotten", since.Position)
		}
	}
	nothing := look(t, store, committer.Query{})
	if len(nothing.Moved) != 0 || nothing.Forgotten {
		t.Errorf("to who knows nothing: moved %v, forgotten %t", nothing.Moved, nothing.Forgotten)
	}
}

// newest has the streams of the events behind a position, with the highest version of each.
func newest(events []command.RecordedEvent, after int64) map[string]int64 {
	versions := make(map[string]int64)
	for i := range events {
		if events[i].Position > after {
			versions[events[i].Stream] = max(versions[events[i].Stream], events[i].Version)
		}
	}
	return versions
}

func sameMoved(t *testing.T, what string, got []command.StreamVersion, want map[string]int64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d streams moved, want %d", what, len(got), len(want))
	}
	got = slices.SortedFunc(slices.Values(got), func(a, b command.StreamVersion) int { return cmp.Compare(a.Stream, b.Stream) })
	for i, moved := range got {
		if version, changed := want[moved.Stream]; !changed || version != moved.Version {
			t.Errorf("%s: %q moved to version %d, want %d", what, moved.Stream, moved.Version, version)
		}
		if i > 0 && got[i-1].Stream == moved.Stream {
			t.Errorf("%s: %q is listed twice", what, moved.Stream)
		}
	}
}

// lookFar goes so far back that a log may have a bound. Within it, what moved is complete.
func lookFar(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	points := []committer.Point{chain.End()}
	for commit := range 12 {
		var writes []command.StreamWrite
		for i := range 1000 {
			writes = append(writes, Events(fmt.Sprintf("stream-%d-%d", commit, i), 1))
		}
		chain.Append(writes...)
		points = append(points, chain.End())
	}
	events := readAll(t, store, 0, all)
	for _, since := range points {
		snapshot := look(t, store, committer.Query{Since: since, Streams: []string{"stream-0-0"}})
		if snapshot.End != chain.End() || !slices.Equal(snapshot.Versions, []int64{1}) {
			t.Errorf("since position %d: end %v, versions %v", since.Position, snapshot.End, snapshot.Versions)
		}
		if !snapshot.Forgotten {
			sameMoved(t, fmt.Sprintf("since position %d", since.Position), snapshot.Moved, newest(events, since.Position))
		}
	}
}

func lookLost(t *testing.T, open Open) {
	store := open(t)()
	chain := NewChain(t, store)
	start := chain.End()
	first := chain.Append(Events("stream", 5)).Commit
	second := chain.Append(Events("stream", 5)).Commit
	for _, since := range []committer.Point{
		{Position: 0, Commit: uuid.New()},
		{Position: 5, Commit: uuid.New()},
		{Position: 5, Commit: second.ID},
		{Position: 5},
		{Position: 7, Commit: second.ID},
		{Position: 10, Commit: uuid.New()},
		{Position: 10, Commit: first.ID},
		{Position: 11, Commit: second.ID},
		{Position: 1000, Commit: uuid.New()},
	} {
		_, err := store.Look(t.Context(), committer.Query{Since: since, Streams: []string{"stream"}})
		if err == nil {
			t.Errorf("since %v: no error", since)
			continue
		}
		wantFailure(t, err, committer.Lost)
	}
	for _, since := range []committer.Point{start, first.End(), second.End()} {
		look(t, store, committer.Query{Since: since})
	}
}
